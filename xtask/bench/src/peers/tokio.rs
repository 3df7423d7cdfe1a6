//! An echo server on tokio: a task for each client, all on this thread.

use std::io;
use std::net;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;

use super::READ_SIZE;

pub(super) fn serve(listener: net::TcpListener) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (client, _peer) = listener.accept().await?;
            tokio::spawn(async move {
                // A client that breaks off ends its own task.
                let _ = echo(client).await;
            });
        }
    })
}

async fn echo(mut client: TcpStream) -> io::Result<()> {
    let mut buf = vec![0; READ_SIZE];
    loop {
        match client.read(&mut buf).await? {
            0 => return Ok(()),
            count => client.write_all(&buf[..count]).await?,
        }
    }
}
