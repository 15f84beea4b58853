// The types of the libheif functions that we call. The library itself is opened at run time (see
// HEIFLibrary.swift), so that the command runs where it is absent.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int code;
  int subcode;
  const char *message;
} heif_outcome;

enum {
  HEIF_COLOURSPACE_RGB = 1,
  HEIF_CHROMA_INTERLEAVED_RGB = 10,
  HEIF_CHROMA_INTERLEAVED_RGBA = 11,
  HEIF_CHANNEL_INTERLEAVED = 10,
};

// The beginning of libheif's `heif_security_limits`, version 1: 0 is no limit.
typedef struct {
  uint8_t version;
  uint64_t max_image_size_pixels;
  uint64_t max_number_of_tiles;
  uint32_t max_bayer_pattern_pixels;
  uint32_t max_items;
  uint32_t max_color_profile_size;
  uint64_t max_memory_block_size;
} heif_limits;

typedef void *(*heif_context_alloc_function)(void);
typedef void (*heif_context_free_function)(void *context);
typedef heif_outcome (*heif_context_read_function)(
    void *context, const void *bytes, size_t byte_count, const void *options);
typedef void (*heif_context_set_most_function)(void *context, int most);
typedef heif_limits *(*heif_context_get_limits_function)(void *context);
typedef heif_outcome (*heif_context_primary_function)(void *context, void **handle);
typedef int (*heif_integer_function)(const void *handle);
typedef void (*heif_release_function)(const void *object);
typedef heif_outcome (*heif_decode_function)(
    const void *handle, void **image, int colourspace, int chroma, const void *options);
typedef const uint8_t *(*heif_plane_function)(const void *image, int channel, int *row_size);
typedef int (*heif_plane_size_function)(const void *image, int channel);
