// An `else` too many: while there is input, no output is sent.
#include <cstdint>
#include <cstdio>
#include <sys/epoll.h>
#include <sys/socket.h>

static int reads = 0;
static int writes = 0;

static void handle_event(int fd, uint32_t ready) {
  char byte;
  if (ready & EPOLLIN) {
    reads += ::recv(fd, &byte, 1, 0) == 1;
  } else if (ready & EPOLLOUT) {
    writes += ::send(fd, "!", 1, 0) == 1;
  }
}

int main() {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  const int epoll = ::epoll_create1(0);
  epoll_event interest = {EPOLLIN | EPOLLOUT, {}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &interest);

  int ready_for_both = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    ::send(pair[1], "?", 1, 0);  // the client sends without a pause
    epoll_event event;
    ::epoll_wait(epoll, &event, 1, -1);
    ready_for_both += event.events == (EPOLLIN | EPOLLOUT);
    handle_event(pair[0], event.events);
  }
  std::printf("%d times ready for both: %d reads, %d writes\n", ready_for_both, reads, writes);
}
