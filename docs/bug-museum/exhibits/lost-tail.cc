// The socket takes a part of a reply. The buffer is cleared, with the rest in it.
#include <cerrno>
#include <cstdio>
#include <string>
#include <sys/socket.h>

static void write_non_blocking(int fd, std::string &send_buf) {
  size_t sent = 0;
  while (sent < send_buf.size()) {
    const ssize_t count = ::send(fd, &send_buf[sent], send_buf.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      break;  // no room left
    }
    sent += count;
  }
  send_buf.clear();
}

int main() {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
  std::string reply(4000000, 'x');
  write_non_blocking(pair[0], reply);
  ::shutdown(pair[0], SHUT_WR);

  size_t received = 0;
  char buf[65536];
  for (ssize_t count; (count = ::recv(pair[1], buf, sizeof buf, 0)) > 0;) {
    received += count;
  }
  std::printf("a reply of 4000000 bytes, %zu received, and the end of the stream\n", received);
}
