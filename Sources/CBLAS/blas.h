// The types of the BLAS functions that we call. The library itself is opened at run time (see
// BLAS.swift): OpenBLAS reads its core type from the environment when it is loaded, so that must
// be chosen first.
#pragma once

typedef void (*janus_sgemm_function)(
    int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc);
typedef void (*janus_set_threads_function)(int threads);
typedef const char *(*janus_text_function)(void);
