// Bytes that pass through a C string end at the first NUL.
#include <cstdio>
#include <string>
#include <sys/socket.h>

class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  void read() {
    char buf[1024];
    read_buf_.assign(buf, ::recv(fd_, buf, sizeof buf, 0));
  }
  const char *read_buf() const { return read_buf_.c_str(); }
  void set_send_buf(const char *text) { send_buf_ = text; }
  void write() { ::send(fd_, send_buf_.data(), send_buf_.size(), 0); }

 private:
  int fd_;
  std::string read_buf_, send_buf_;
};

int main() {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  Connection conn(pair[0]);

  const ssize_t sent = ::send(pair[1], "ab\0cd", 5, 0);
  conn.read();
  conn.set_send_buf(conn.read_buf());
  conn.write();

  char echo[1024];
  const ssize_t received = ::recv(pair[1], echo, sizeof echo, 0);
  std::printf("%zd bytes sent, %zd bytes echoed\n", sent, received);
}
