// libpng reports errors by longjmp. Swift can neither call setjmp nor be jumped over, so every call that
// may fail is wrapped here: the jump starts in libpng and lands in C, and Swift sees a return value.
#pragma once

#include <png.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPNG_MESSAGE_SIZE = 160 };

// Keeps the message and leaves by the jump of the wrapper that is running.
static inline void cpng_on_error(png_structp png, png_const_charp message) {
  snprintf((char *)png_get_error_ptr(png), CPNG_MESSAGE_SIZE, "%s", message);
  png_longjmp(png, 1);
}

// Warnings concern what is not used here (colour profiles, odd metadata).
static inline void cpng_on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

// ---- Reading ----

typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t byte_count;
  size_t position;
  int truncated;
  uint32_t width;
  uint32_t height;
  // 4 where the picture has transparency, otherwise 3.
  uint32_t channels;
  char message[CPNG_MESSAGE_SIZE];
} cpng_reader;

static inline void cpng_on_read(png_structp png, png_bytep destination, size_t count) {
  cpng_reader *reader = (cpng_reader *)png_get_io_ptr(png);
  if (count > reader->byte_count - reader->position) {
    reader->truncated = 1;
    png_error(png, "unexpected end of data");
  }
  memcpy(destination, reader->bytes + reader->position, count);
  reader->position += count;
}

static inline void cpng_reader_close(cpng_reader *reader) {
  if (reader == NULL) return;
  if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader);
}

// A reader of `byte_count` bytes, which must outlive it; NULL without memory.
static inline cpng_reader *cpng_reader_open(const uint8_t *bytes, size_t byte_count) {
  cpng_reader *reader = (cpng_reader *)calloc(1, sizeof(cpng_reader));
  if (reader == NULL) return NULL;
  reader->bytes = bytes;
  reader->byte_count = byte_count;
  reader->png = png_create_read_struct(
      PNG_LIBPNG_VER_STRING, reader->message, cpng_on_error, cpng_on_warning);
  if (reader->png != NULL) reader->info = png_create_info_struct(reader->png);
  if (reader->info == NULL) {
    cpng_reader_close(reader);
    return NULL;
  }
  return reader;
}

// Reads up to the pixels and fills in width, height and channels; nothing of the picture's size is
// allocated. Returns 0, or -1 with the message set.
static inline int cpng_reader_read_header(cpng_reader *reader) {
  // What does not change the pixels wanted here is skipped unread: compressed text and colour profiles can
  // unpack to a thousand times their size, and others are allocated at the length that they state.
  static const png_byte skipped[] =
      "cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0pCAL\0sCAL\0sPLT\0sRGB\0tEXt\0zTXt";
  const size_t smallest_limit = 65536;
  if (setjmp(png_jmpbuf(reader->png))) return -1;
  png_set_read_fn(reader->png, reader, cpng_on_read);
  png_set_keep_unknown_chunks(
      reader->png, PNG_HANDLE_CHUNK_NEVER, skipped, (int)(sizeof(skipped) / 5));
  // The caller judges the size, with its own figures in the message.
  png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  // No chunk can hold more than the file does.
  png_set_chunk_malloc_max(
      reader->png, reader->byte_count > smallest_limit ? reader->byte_count : smallest_limit);
  png_set_chunk_cache_max(reader->png, 16);
  png_read_info(reader->png, reader->info);
  reader->width = png_get_image_width(reader->png, reader->info);
  reader->height = png_get_image_height(reader->png, reader->info);
  int transparent = (png_get_color_type(reader->png, reader->info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                    png_get_valid(reader->png, reader->info, PNG_INFO_tRNS) != 0;
  reader->channels = transparent ? 4 : 3;
  return 0;
}

// Reads the pixels, 8 bits a channel, RGB or RGBA by `channels`, into height × width × channels bytes,
// and the rest of the file. Returns 0, or -1 with the message set.
static inline int cpng_reader_read_pixels(cpng_reader *reader, uint8_t *pixels) {
  if (setjmp(png_jmpbuf(reader->png))) return -1;
  size_t row_size = (size_t)reader->width * reader->channels;
  png_set_expand(reader->png);
  png_set_strip_16(reader->png);
  png_set_gray_to_rgb(reader->png);
  int passes = png_set_interlace_handling(reader->png);
  png_read_update_info(reader->png, reader->info);
  if (png_get_rowbytes(reader->png, reader->info) != row_size) {
    png_error(reader->png, "rows of an unexpected size");
  }
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < reader->height; y++) {
      png_read_row(reader->png, pixels + y * row_size, NULL);
    }
  }
  png_read_end(reader->png, reader->info);
  return 0;
}

static inline const char *cpng_reader_message(const cpng_reader *reader) { return reader->message; }

// ---- Writing ----

typedef struct {
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t byte_count;
  size_t capacity;
  char message[CPNG_MESSAGE_SIZE];
} cpng_writer;

static inline void cpng_on_write(png_structp png, png_bytep source, size_t count) {
  cpng_writer *writer = (cpng_writer *)png_get_io_ptr(png);
  if (count > writer->capacity - writer->byte_count) {
    size_t capacity = (writer->byte_count + count) * 2;
    uint8_t *grown = (uint8_t *)realloc(writer->bytes, capacity);
    if (grown == NULL) png_error(png, "out of memory");
    writer->bytes = grown;
    writer->capacity = capacity;
  }
  memcpy(writer->bytes + writer->byte_count, source, count);
  writer->byte_count += count;
}

static inline void cpng_on_flush(png_structp png) { (void)png; }

static inline void cpng_writer_close(cpng_writer *writer) {
  if (writer == NULL) return;
  if (writer->png != NULL) png_destroy_write_struct(&writer->png, &writer->info);
  free(writer->bytes);
  free(writer);
}

// A writer into memory that it owns; NULL without memory.
static inline cpng_writer *cpng_writer_open(void) {
  cpng_writer *writer = (cpng_writer *)calloc(1, sizeof(cpng_writer));
  if (writer == NULL) return NULL;
  writer->png = png_create_write_struct(
      PNG_LIBPNG_VER_STRING, writer->message, cpng_on_error, cpng_on_warning);
  if (writer->png != NULL) writer->info = png_create_info_struct(writer->png);
  if (writer->info == NULL) {
    cpng_writer_close(writer);
    return NULL;
  }
  return writer;
}

// Adds a tEXt chunk, or with `international` an uncompressed UTF-8 iTXt chunk. Returns 0 or -1.
static inline int cpng_writer_add_text(
    cpng_writer *writer, const char *key, const char *text, int international) {
  if (setjmp(png_jmpbuf(writer->png))) return -1;
  png_text entry;
  memset(&entry, 0, sizeof(entry));
  entry.compression = international ? PNG_ITXT_COMPRESSION_NONE : PNG_TEXT_COMPRESSION_NONE;
  entry.key = (png_charp)key;
  entry.text = (png_charp)text;
  png_set_text(writer->png, writer->info, &entry, 1);
  return 0;
}

// Writes the whole file of a height × width × 3 picture. Returns 0, or -1 with the message set.
static inline int cpng_writer_write(
    cpng_writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height) {
  if (setjmp(png_jmpbuf(writer->png))) return -1;
  png_set_write_fn(writer->png, writer, cpng_on_write, cpng_on_flush);
  png_set_IHDR(
      writer->png, writer->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer->png, writer->info);
  for (uint32_t y = 0; y < height; y++) {
    png_write_row(writer->png, pixels + (size_t)y * width * 3);
  }
  png_write_end(writer->png, writer->info);
  return 0;
}

static inline const char *cpng_writer_message(const cpng_writer *writer) { return writer->message; }
