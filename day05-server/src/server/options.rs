//! What can be set about a server.

use std::time::Duration;

/// The settings of a [`TcpServer`](crate::TcpServer). Those that are not named keep their
/// defaults:
///
/// ```
/// # use day05_server as reactor;
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
    /// How many threads serve connections, each with a loop of its own. With 0, the loop
    /// that accepts them serves them too. Unless set: one for each core.
    pub thread_num: Option<usize>,
    /// How many connections are served at a time; more are accepted and closed. Unless
    /// set: as many as there are descriptors.
    pub max_connections: Option<u64>,
    /// How long a connection may be silent in both directions. Unless set: for ever.
    pub idle_timeout: Option<Duration>,
    /// How many bytes of output may wait for a slow peer until nothing more is read from
    /// it. Default: 1 MiB.
    pub high_water: usize,
    /// How few must be left until it is read from again. Default: 256 KiB.
    pub low_water: usize,
    /// Whether several processes may listen on the same port (`SO_REUSEPORT`,
    /// [socket(7)](https://man7.org/linux/man-pages/man7/socket.7.html)). Default: false.
    pub reuse_port: bool,
    /// Whether epoll reports what is new instead of what is there (`EPOLLET`). It makes
    /// no difference to what callbacks see. Default: false.
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
