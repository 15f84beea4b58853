// The door to the compiler's SIMD intrinsics. Those that the headers define as macros, which Swift
// cannot see, get a function here; nothing else lives in this file.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// Which register states the operating system saves. Call only where CPUID reports OSXSAVE.
static inline unsigned long long janus_xgetbv0(void) {
  unsigned int low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

// Swift would call `_mm_pause` as a function, which exists in no library.
static inline void janus_pause(void) { _mm_pause(); }
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
