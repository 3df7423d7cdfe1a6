// A signal ends the wait, and the loop takes it for a failure.
#include <cstdio>
#include <cstdlib>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>

static void on_alarm(int) {}

static int wait_for_events(int epoll, epoll_event *events, int capacity) {
  const int count = ::epoll_wait(epoll, events, capacity, -1);
  if (count < 0) {
    std::perror("epoll_wait");
    std::exit(1);
  }
  return count;
}

int main() {
  // SA_RESTART asks for interrupted calls to be made again; epoll_wait never is.
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval every_50_ms = {{0, 50000}, {0, 50000}};
  ::setitimer(ITIMER_REAL, &every_50_ms, nullptr);

  const int epoll = ::epoll_create1(0);
  epoll_event events[8];
  for (;;) {
    wait_for_events(epoll, events, 8);
  }
}
