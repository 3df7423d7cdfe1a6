// A duration is printed as a bare number, with a unit that is a guess.
#include <chrono>
#include <cstdio>
#include <thread>

int main() {
  using namespace std::chrono;
  const auto start = steady_clock::now();
  std::this_thread::sleep_for(milliseconds(5));
  const auto took = steady_clock::now() - start;
  std::printf("slept for 5 ms, took %lld ms\n", static_cast<long long>(took.count()));
}
