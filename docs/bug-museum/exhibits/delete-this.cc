// A connection is deleted in its own callback, and its member function goes on.
#include <cstdio>
#include <functional>

class Connection {
 public:
  std::function<void(Connection *)> on_connect;

  void close() { delete this; }

  void handle_event() {
    on_connect(this);
    ++events_handled_;
  }

 private:
  int events_handled_ = 0;
};

int main() {
  auto *connection = new Connection;
  connection->on_connect = [](Connection *conn) { conn->close(); };
  connection->handle_event();
  std::puts("all is well");
}
