// Reading is paused with an empty interest. The peer closes, and the loop never sleeps again.
#include <cstdio>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int main() {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  const int epoll = ::epoll_create1(0);
  epoll_event interest = {EPOLLIN, {}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &interest);

  interest.events = 0;  // pause reading
  ::epoll_ctl(epoll, EPOLL_CTL_MOD, pair[0], &interest);
  ::close(pair[1]);

  int wakes = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    epoll_event event;
    const int timeout_ms = 1000;
    if (::epoll_wait(epoll, &event, 1, timeout_ms) == 1 && event.events == EPOLLHUP) {
      ++wakes;  // the interest is empty: no handler for it
    }
  }
  std::printf("1000 waits, %d ended at once by EPOLLHUP\n", wakes);
}
