//! Internet addresses: IP and port.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::IntErrorKind;
use std::str::FromStr;

use socket2::{Domain, SockAddr};

/// An IP address and a port, version 4 or 6.
///
/// The C++ `InetAddr` wraps a `sockaddr_in`, which has room for IPv4 alone. The
/// system calls take the general `sockaddr` and look at its family to see which
/// kind it is; this type keeps both kinds apart in an enum and converts at the
/// edge, so that the rest of the course never casts between them.
///
/// ```
/// # use day05_server as reactor;
/// use reactor::InetAddr;
///
/// let addr: InetAddr = "127.0.0.1:8888".parse()?;
/// assert_eq!(addr, InetAddr::new([127, 0, 0, 1], 8888));
/// assert_eq!(addr.to_string(), "127.0.0.1:8888");
/// # Ok::<(), reactor::ParseInetAddrError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InetAddr(SocketAddr);

impl InetAddr {
    /// The address of `port` at `ip`. Port 0 asks the kernel to choose one.
    pub fn new(ip: impl Into<IpAddr>, port: u16) -> Self {
        Self(SocketAddr::new(ip.into(), port))
    }

    /// The address without its port.
    pub fn ip(&self) -> IpAddr {
        self.0.ip()
    }

    /// The port, in the machine's own byte order.
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// The address family, which a socket is created with
    /// ([socket(2)](https://man7.org/linux/man-pages/man2/socket.2.html)).
    pub(crate) fn domain(&self) -> Domain {
        Domain::for_address(self.0)
    }

    /// The general `sockaddr`, as the system calls take it.
    pub(crate) fn to_sock_addr(self) -> SockAddr {
        self.0.into()
    }

    /// Fails for an address that is neither IPv4 nor IPv6.
    pub(crate) fn from_sock_addr(addr: &SockAddr) -> io::Result<Self> {
        addr.as_socket().map(Self).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the kernel returned an address that is neither IPv4 nor IPv6",
            )
        })
    }
}

/// `127.0.0.1:8888`, or `[::1]:8888`.
impl fmt::Display for InetAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<SocketAddr> for InetAddr {
    fn from(addr: SocketAddr) -> Self {
        Self(addr)
    }
}

impl From<InetAddr> for SocketAddr {
    fn from(addr: InetAddr) -> Self {
        addr.0
    }
}

impl FromStr for InetAddr {
    type Err = ParseInetAddrError;

    /// Reads `IP:PORT`, an IPv6 address in brackets. Names are not looked up.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseInetAddrError {
            text: text.to_owned(),
            port_is_too_large: text.rsplit_once(':').is_some_and(|(_, port)| {
                port.parse::<u16>()
                    .is_err_and(|error| *error.kind() == IntErrorKind::PosOverflow)
            }),
        })
    }
}

/// A text that is not an [`InetAddr`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseInetAddrError {
    text: String,
    port_is_too_large: bool,
}

impl fmt::Display for ParseInetAddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        if self.port_is_too_large {
            write!(f, "the port in '{text}' is out of range (0 to 65535)")
        } else {
            write!(
                f,
                "'{text}' is not an address: expected IP:PORT, such as 127.0.0.1:8888 or [::1]:8888"
            )
        }
    }
}

impl Error for ParseInetAddrError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_convert_to_a_sockaddr_and_back() {
        for (text, domain) in [
            ("127.0.0.1:8888", Domain::IPV4),
            ("[::1]:0", Domain::IPV6),
            ("[fe80::1]:65535", Domain::IPV6),
        ] {
            let addr: InetAddr = text.parse().unwrap();
            assert_eq!(addr.domain(), domain);
            let back = InetAddr::from_sock_addr(&addr.to_sock_addr()).unwrap();
            assert_eq!(back, addr);
            assert_eq!(back.to_string(), text);
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_the_reason() {
        let message = |text: &str| text.parse::<InetAddr>().unwrap_err().to_string();
        assert!(message("127.0.0.1:65536").contains("out of range"));
        assert!(message("[::1]:99999").contains("out of range"));
        for text in [
            "",
            "8888",
            "localhost:8888",
            "127.0.0.1",
            "127.0.0.1:",
            "::1:80x",
        ] {
            assert!(message(text).contains("is not an address"), "{text}");
        }
    }
}
