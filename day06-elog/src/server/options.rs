//! The settings of a server.

use std::time::Duration;

/// The settings of a [`TcpServer`](crate::TcpServer), each with a default:
///
/// ```
/// # use day06_elog as reactor;
/// use std::time::Duration;
/// use reactor::ServerOptions;
///
/// let options = ServerOptions {
///     idle_timeout: Some(Duration::from_secs(60)),
///     ..ServerOptions::default()
/// };
/// assert_eq!(options.high_water, 1 << 20);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// The number of threads that serve connections, each with a loop of its own. With 0,
    /// the loop that accepts connections serves them too. `None`: one for each core.
    pub thread_num: Option<usize>,
    /// The number of connections that are served at a time; further ones are rejected.
    /// `None`: as many as there are descriptors.
    pub max_connections: Option<u64>,
    /// A connection without a byte in or out for this time is closed. `None`: never.
    pub idle_timeout: Option<Duration>,
    /// The high-water mark: with this many bytes of output waiting for a slow peer, the
    /// server stops reading from it. Default: 1 MiB.
    pub high_water: usize,
    /// The low-water mark: with this many or fewer left, it reads again. Default: 256 KiB.
    pub low_water: usize,
    /// Lets several processes listen on the same port (`SO_REUSEPORT`,
    /// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)). Default: false.
    pub reuse_port: bool,
    /// Watches connections edge-triggered (`EPOLLET`). Callbacks see no difference.
    /// Default: false.
    pub edge_triggered: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            thread_num: None,
            max_connections: None,
            idle_timeout: None,
            high_water: 1024 * 1024,
            low_water: 256 * 1024,
            reuse_port: false,
            edge_triggered: false,
        }
    }
}
