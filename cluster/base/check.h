// Assertions that stay on in release builds: a dead node fails over, a wrong one does not.
#ifndef CLUSTER_BASE_CHECK_H
#define CLUSTER_BASE_CHECK_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((__format__(__printf__, text, first)))

#define check(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))

// Prints what failed and where on stderr, then aborts.
_Noreturn void check_failed(const char *condition, const char *file, int line, const char *function);

// Heap without NULL: out of memory is a failed check. `check_alloc` zeroes.
void *check_alloc(unsigned long bytes) MUST_USE;
void *check_realloc(void *memory, unsigned long bytes) MUST_USE;
char *check_strdup(const char *text) MUST_USE;

#endif
