// The door to the compiler's SIMD intrinsics; nothing else lives here.
#pragma once
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
