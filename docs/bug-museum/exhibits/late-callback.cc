// Reading is enabled first and the callback set later. The event comes in between.
#include <cstdio>
#include <functional>
#include <future>
#include <sys/epoll.h>
#include <sys/socket.h>

struct Channel {
  int epoll, fd;
  std::function<void()> read_callback;
  void enable_reading() {
    epoll_event interest = {EPOLLIN, {this}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  }
};

static void loop(int epoll) {
  for (;;) {
    epoll_event event;
    ::epoll_wait(epoll, &event, 1, -1);
    static_cast<Channel *>(event.data.ptr)->read_callback();
  }
}

int main() {
  int pair[2];
  ::socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  const int epoll = ::epoll_create1(0);
  auto reactor = std::async(std::launch::async, loop, epoll);  // a thread of a pool

  ::send(pair[1], "hello", 5, 0);
  Channel channel{epoll, pair[0], nullptr};
  channel.enable_reading();
  reactor.wait();  // in a real server: the scheduler happens to run the other thread first
  channel.read_callback = [] { std::puts("hello to you"); };

  std::puts("the process lives; its reactor has ended without a word");
  try { reactor.get(); }  // in a real server: no thread calls it
  catch (const std::exception &error) { std::printf("of what? %s\n", error.what()); }
}
