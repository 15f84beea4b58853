// The door to the compiler's SIMD intrinsics. Those that the headers define as macros, which Swift
// cannot see, get a function here; nothing else lives in this file.
#pragma once

// Prefetches a cache line that will be read soon.
static inline __attribute__((always_inline)) void janus_prefetch(const void *p) {
  __builtin_prefetch(p, 0, 3);
}

// Prefetches a cache line that will be written soon.
static inline __attribute__((always_inline)) void janus_prefetch_for_writing(void *p) {
  __builtin_prefetch(p, 1, 3);
}

// Like `janus_prefetch`, but no nearer than into the L2 cache.
static inline __attribute__((always_inline)) void janus_prefetch_l2(const void *p) {
  __builtin_prefetch(p, 0, 2);
}

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

// The processor's features as Linux reports them. Swift's C library does not show this function.
static inline unsigned long janus_hwcap(void) { return getauxval(AT_HWCAP); }
#endif

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

#define JANUS_INLINE(features) \
  static inline __attribute__((always_inline, target(features)))

#if defined(__AVX2__)
// f32 to f16, nearest even.
JANUS_INLINE("avx2,f16c") __m128i janus_mm256_cvtps_ph(__m256 x) {
  return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
}
JANUS_INLINE("avx2") __m128 janus_mm256_high_ps(__m256 x) {
  return _mm256_extractf128_ps(x, 1);
}
JANUS_INLINE("avx2") __m128i janus_mm256_high_si256(__m256i x) {
  return _mm256_extracti128_si256(x, 1);
}
// a > b and a ≥ b, false where either is NaN.
JANUS_INLINE("avx2") __m256 janus_mm256_above_ps(__m256 a, __m256 b) {
  return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}
// Not a < b: true where either is NaN.
JANUS_INLINE("avx2") __m256 janus_mm256_not_below_ps(__m256 a, __m256 b) {
  return _mm256_cmp_ps(a, b, _CMP_NLT_UQ);
}
JANUS_INLINE("avx2") __m256 janus_mm256_not_zero_ps(__m256 a) {
  return _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ);
}
#endif

#if defined(__AVX2__)
JANUS_INLINE("avx2") __m128i janus_mm_next_epi16(__m128i x) { return _mm_srli_si128(x, 2); }
#endif

#if defined(__AVX512F__)
JANUS_INLINE("avx512f,evex512") __m256i janus_mm512_cvtps_ph(__m512 x) {
  return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
}
JANUS_INLINE("avx512f,evex512") __mmask16 janus_mm512_above_ps(__m512 a, __m512 b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}
JANUS_INLINE("avx512f,evex512") __mmask16 janus_mm512_not_below_ps(__m512 a, __m512 b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ);
}
JANUS_INLINE("avx512f,evex512") __mmask16 janus_mm512_not_zero_ps(__m512 a) {
  return _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
JANUS_INLINE("avx512f,evex512") __m512i janus_mm512_swap_halves(__m512i x) {
  return _mm512_rol_epi32(x, 16);
}
JANUS_INLINE("avx512f,evex512") __mmask16 janus_mm512_above_epu32(__m512i a, __m512i b) {
  return _mm512_cmp_epu32_mask(a, b, _MM_CMPINT_NLE);
}
JANUS_INLINE("avx512bw,avx512vl") __mmask16 janus_mm256_above_epu16(__m256i a, __m256i b) {
  return _mm256_cmp_epu16_mask(a, b, _MM_CMPINT_NLE);
}
#endif

#if defined(__AVX512BF16__)
// Swift has no type for vectors of bf16. It sees them as vectors of floats or integers.
//
// `sum` and, for each lane, the products of a pair of bf16.
JANUS_INLINE("avx512bf16,evex512") __m512 janus_mm512_dpbf16_ps(__m512 sum, __m512 a, __m512 b) {
  return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
// `low`, followed by `high`, to bf16, nearest even.
JANUS_INLINE("avx512bf16,evex512") __m512i janus_mm512_cvtne2ps_pbh(__m512 high, __m512 low) {
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}
#endif

#undef JANUS_INLINE
#elif defined(__aarch64__)
#include <arm_neon.h>

// `isb` waits some tens of cycles, as long as `pause`; `yield` and fences hardly any.
static inline void janus_pause(void) { __asm__ volatile("isb" ::: "memory"); }

// Four f16 numbers by their bits, and floats.
static inline __attribute__((always_inline)) float32x4_t janus_floats_from_halves(uint16x4_t x) {
  return vcvt_f32_f16(vreinterpret_f16_u16(x));
}
static inline __attribute__((always_inline)) uint16x4_t janus_halves_from_floats(float32x4_t x) {
  return vreinterpret_u16_f16(vcvt_f16_f32(x));
}
#endif
