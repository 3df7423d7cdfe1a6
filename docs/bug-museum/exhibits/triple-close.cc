// One descriptor, three owners: each of them closes the number.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

struct Socket { int fd; ~Socket() { ::close(fd); } };
struct Channel { int fd; ~Channel() { ::close(fd); } };
struct Connection { int fd; ~Connection() { ::close(fd); } };

// Stands for accept(): the kernel gives out the lowest free number.
static int accept_client() { return ::socket(AF_INET, SOCK_STREAM, 0); }

static const char *state_of(int fd) {
  int type;
  socklen_t size = sizeof type;
  const int result = ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  return result == 0 ? "open" : std::strerror(errno);
}

int main() {
  const int ann = accept_client();
  auto *socket = new Socket{ann};
  auto *channel = new Channel{ann};
  auto *connection = new Connection{ann};

  delete socket;
  const int bob = accept_client();
  std::printf("Ann had descriptor %d, Bob has %d: %s\n", ann, bob, state_of(bob));
  delete channel;
  std::printf("Ann's channel goes. Bob: %s\n", state_of(bob));
  const int cid = accept_client();
  std::printf("Cid has descriptor %d: %s\n", cid, state_of(cid));
  delete connection;
  std::printf("Ann's connection goes. Cid: %s\n", state_of(cid));
}
