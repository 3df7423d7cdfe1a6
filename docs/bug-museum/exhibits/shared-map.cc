// The acceptor inserts, a sub-reactor erases: one map, two threads, no lock.
#include <cstdio>
#include <map>
#include <thread>

struct Connection {};
static std::map<int, Connection> connections;

static void accept_clients() {
  for (int fd = 0; fd < 1000; ++fd) {
    connections.emplace(fd, Connection{});
  }
}

static void close_clients() {
  for (int fd = 0; fd < 1000; ++fd) {
    connections.erase(fd);
  }
}

int main() {
  std::thread acceptor(accept_clients);
  std::thread sub_reactor(close_clients);
  acceptor.join();
  sub_reactor.join();
  std::puts("all is well");
}
