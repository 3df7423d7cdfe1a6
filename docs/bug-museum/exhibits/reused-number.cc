// Two events are in one batch. The first changes whose number the second one names.
#include <cstdio>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct Client { int ours, theirs; };

static Client connect_to(int epoll) {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  epoll_event interest = {EPOLLIN, {}};
  interest.data.fd = pair[0];
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &interest);
  return {pair[0], pair[1]};
}

int main() {
  const int epoll = ::epoll_create1(0);
  const Client ann = connect_to(epoll), bob = connect_to(epoll);
  ::send(ann.theirs, "kick Bob", 8, 0);
  ::close(bob.theirs);  // and Bob leaves by himself at the same time

  epoll_event batch[8];
  const int count = ::epoll_wait(epoll, batch, 8, -1);
  Client cid = {-1, -1};
  for (int at = 0; at < count; ++at) {
    const int fd = batch[at].data.fd;
    if (batch[at].events & EPOLLHUP) {
      std::printf("descriptor %d has hung up: closed\n", fd);
      ::close(fd);
    } else {
      ::close(bob.ours);
      cid = connect_to(epoll);
      std::printf("Bob's descriptor %d is closed; Cid comes and has %d\n", bob.ours, cid.ours);
    }
  }
  const bool is_cut_off = ::send(cid.theirs, "hello", 5, MSG_NOSIGNAL) < 0;
  std::printf("Cid, who has done nothing: %s\n", is_cut_off ? "cut off" : "connected");
}
