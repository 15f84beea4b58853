// The types of the libwebp functions that we call. The library itself is opened at run time (see
// WebPLibrary.swift), so that the command runs where it is absent.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int (*webp_get_info_function)(
    const uint8_t *bytes, size_t byte_count, int *width, int *height);
typedef uint8_t *(*webp_decode_into_function)(
    const uint8_t *bytes, size_t byte_count, uint8_t *pixels, size_t pixels_size, int row_size);
typedef size_t (*webp_encode_function)(
    const uint8_t *pixels, int width, int height, int row_size, float quality, uint8_t **bytes);
typedef size_t (*webp_encode_lossless_function)(
    const uint8_t *pixels, int width, int height, int row_size, uint8_t **bytes);
typedef void (*webp_free_function)(void *bytes);
