/* vsnprintf's return value taken for the number of bytes stored. */
#include <stdarg.h>
#include <stdio.h>

struct record {
  char line[16];
  char password[16];
};

static int format(char *buf, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(buf, size, format, arguments);
  va_end(arguments);
  return length;
}

int main(void) {
  struct record record = {"", "correct-horse"};
  const char *start = (const char *)&record;
  int stored = format(record.line, sizeof record.line, "login by %s", "Rumpelstiltskin");
  printf("a buffer of %zu bytes, \"stored\": %d\n", sizeof record.line, stored);
  fwrite(start, 1, stored, stdout);
  putchar('\n');
}
