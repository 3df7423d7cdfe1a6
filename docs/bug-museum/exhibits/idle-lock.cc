// The log has a mutex, and no function locks it.
#include <cstdio>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

class Log {
 public:
  explicit Log(int fd) : fd_(fd) {}
  void append(const std::string &header, const std::string &text) {
    write(header);
    write(text + "\n");
  }

 private:
  void write(const std::string &part) {
    if (::write(fd_, part.data(), part.size()) < 0) std::perror("write");
  }
  int fd_;
  std::mutex mutex_;
};

int main() {
  const int fd = ::memfd_create("log", 0);
  ::fcntl(fd, F_SETFL, O_APPEND);
  Log log(fd);
  const auto work = [&] { for (int i = 0; i < 50000; ++i) log.append("INFO ", "hello"); };
  std::thread one(work), two(work);
  one.join(), two.join();
  int whole = 0, torn = 0;
  std::FILE *file = ::fdopen(fd, "r");
  std::rewind(file);
  for (char line[4096]; std::fgets(line, sizeof line, file);) {
    ++(std::string(line) == "INFO hello\n" ? whole : torn);
  }
  std::printf("100000 lines were logged: %d are whole, %d are torn\n", whole, torn);
}
