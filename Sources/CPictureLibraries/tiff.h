// The types of the libtiff functions that we call, and a reader of bytes in memory. The library itself is
// opened at run time (see TIFFLibrary.swift), so that the command runs where it is absent. It is called from
// here, because Swift can neither call functions with `...` nor take `va_list`.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tiff_file tiff_file;
typedef struct tiff_options tiff_options;
typedef intptr_t tiff_size;

typedef tiff_size (*tiff_transfer_function)(void *source, void *buffer, tiff_size count);
typedef uint64_t (*tiff_seek_function)(void *source, uint64_t offset, int whence);
typedef int (*tiff_close_function)(void *source);
typedef uint64_t (*tiff_length_function)(void *source);
typedef int (*tiff_map_function)(void *source, void **base, uint64_t *size);
typedef void (*tiff_unmap_function)(void *source, void *base, uint64_t size);
// For errors and warnings: returns whether the message needs no further handling.
typedef int (*tiff_message_function)(
    tiff_file *file, void *user, const char *module, const char *format, va_list arguments);
typedef void (*tiff_plain_message_function)(
    const char *module, const char *format, va_list arguments);

typedef struct {
  tiff_file *(*open)(
      const char *name, const char *mode, void *source, tiff_transfer_function read,
      tiff_transfer_function write, tiff_seek_function seek, tiff_close_function close,
      tiff_length_function length, tiff_map_function map, tiff_unmap_function unmap);
  void (*close)(tiff_file *file);
  int (*get_field)(tiff_file *file, uint32_t tag, ...);
  int (*get_field_or_default)(tiff_file *file, uint32_t tag, ...);
  int (*set_field)(tiff_file *file, uint32_t tag, ...);
  int (*is_tiled)(tiff_file *file);
  tiff_size (*strip_size)(tiff_file *file);
  tiff_size (*tile_size)(tiff_file *file);
  uint32_t (*number_of_strips)(tiff_file *file);
  uint32_t (*number_of_tiles)(tiff_file *file);
  tiff_size (*read_strip)(tiff_file *file, uint32_t strip, void *buffer, tiff_size size);
  tiff_size (*read_tile)(tiff_file *file, uint32_t tile, void *buffer, tiff_size size);
  uint64_t (*piece_offset)(tiff_file *file, uint32_t piece);
  uint64_t (*piece_byte_count)(tiff_file *file, uint32_t piece);
  tiff_plain_message_function (*set_error_handler)(tiff_plain_message_function handler);
  tiff_plain_message_function (*set_warning_handler)(tiff_plain_message_function handler);

  // Since libtiff 4.5; all or none of them.
  tiff_options *(*options_open)(void);
  void (*options_close)(tiff_options *options);
  void (*options_set_most_bytes)(tiff_options *options, tiff_size most);
  void (*options_set_error_handler)(
      tiff_options *options, tiff_message_function handler, void *user);
  void (*options_set_warning_handler)(
      tiff_options *options, tiff_message_function handler, void *user);
  tiff_file *(*open_with_options)(
      const char *name, const char *mode, void *source, tiff_transfer_function read,
      tiff_transfer_function write, tiff_seek_function seek, tiff_close_function close,
      tiff_length_function length, tiff_map_function map, tiff_unmap_function unmap,
      tiff_options *options);
} tiff_functions;

// Swift has no type for functions with `...`. Returns whether none is NULL.
static inline int tiff_functions_set_fields(
    tiff_functions *functions, void *get, void *get_or_default, void *set) {
  memcpy(&functions->get_field, &get, sizeof(get));
  memcpy(&functions->get_field_or_default, &get_or_default, sizeof(get));
  memcpy(&functions->set_field, &set, sizeof(set));
  return get != NULL && get_or_default != NULL && set != NULL;
}

typedef struct {
  const tiff_functions *functions;
  tiff_file *file;
  const uint8_t *bytes;
  size_t byte_count;
  size_t position;
  int failed;
  char message[160];
} tiff_reader;

static inline tiff_size tiff_on_read(void *source, void *buffer, tiff_size count) {
  tiff_reader *reader = (tiff_reader *)source;
  size_t left = reader->byte_count - reader->position;
  size_t size = count < 0 ? 0 : (size_t)count < left ? (size_t)count : left;
  memcpy(buffer, reader->bytes + reader->position, size);
  reader->position += size;
  return (tiff_size)size;
}

static inline tiff_size tiff_on_write(void *source, void *buffer, tiff_size count) {
  (void)source, (void)buffer, (void)count;
  return -1;
}

static inline uint64_t tiff_on_seek(void *source, uint64_t offset, int whence) {
  tiff_reader *reader = (tiff_reader *)source;
  uint64_t base = whence == SEEK_CUR ? reader->position
                                     : whence == SEEK_END ? reader->byte_count : 0;
  if (offset > reader->byte_count - base) return UINT64_MAX;
  reader->position = (size_t)(base + offset);
  return reader->position;
}

static inline int tiff_on_close(void *source) {
  (void)source;
  return 0;
}

static inline uint64_t tiff_on_length(void *source) {
  return ((tiff_reader *)source)->byte_count;
}

// libtiff reads what is mapped in place, and so compares each offset with the size.
static inline int tiff_on_map(void *source, void **base, uint64_t *size) {
  tiff_reader *reader = (tiff_reader *)source;
  *base = (void *)reader->bytes;
  *size = reader->byte_count;
  return 1;
}

static inline void tiff_on_unmap(void *source, void *base, uint64_t size) {
  (void)source, (void)base, (void)size;
}

// Without the colon at which some messages begin, for want of a file's name.
static inline void tiff_keep_message(tiff_reader *reader, const char *format, va_list arguments) {
  char message[sizeof(reader->message)];
  vsnprintf(message, sizeof(message), format, arguments);
  const char *start = message + strspn(message, ": ");
  snprintf(reader->message, sizeof(reader->message), "%s", start);
}

// Keeps the first message.
static inline int tiff_on_error(
    tiff_file *file, void *user, const char *module, const char *format, va_list arguments) {
  (void)file, (void)module;
  tiff_reader *reader = (tiff_reader *)user;
  if (!reader->failed) tiff_keep_message(reader, format, arguments);
  reader->failed = 1;
  return 1;
}

// libtiff passes over tags that it cannot read. Without these the pixels would be others.
static inline int tiff_on_warning(
    tiff_file *file, void *user, const char *module, const char *format, va_list arguments) {
  static const char *const needed[] = {"ColorMap", "BitsPerSample", "ExtraSamples", "SampleFormat"};
  (void)file, (void)module;
  tiff_reader *reader = (tiff_reader *)user;
  if (reader->failed) return 1;
  char message[sizeof(reader->message)];
  vsnprintf(message, sizeof(message), format, arguments);
  for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
    if (strstr(message, needed[i]) == NULL) continue;
    memcpy(reader->message, message, sizeof(message));
    reader->failed = 1;
  }
  return 1;
}

static inline void tiff_reader_close(tiff_reader *reader) {
  if (reader == NULL) return;
  if (reader->file != NULL) reader->functions->close(reader->file);
  free(reader);
}

// A reader of the first directory of a file of `byte_count` bytes, which must outlive it as `functions` must; NULL
// without memory. `failed` is set where libtiff cannot open the file. Where libtiff is old, `most_bytes` holds not
// for it, and it is told to be silent for the whole process.
static inline tiff_reader *tiff_reader_open(
    const tiff_functions *functions, const uint8_t *bytes, size_t byte_count, size_t most_bytes) {
  tiff_reader *reader = (tiff_reader *)calloc(1, sizeof(tiff_reader));
  if (reader == NULL) return NULL;
  reader->functions = functions;
  reader->bytes = bytes;
  reader->byte_count = byte_count;
  snprintf(reader->message, sizeof(reader->message), "libtiff cannot read it");
  if (functions->open_with_options != NULL) {
    tiff_options *options = functions->options_open();
    if (options == NULL) {
      free(reader);
      return NULL;
    }
    functions->options_set_most_bytes(options, (tiff_size)most_bytes);
    functions->options_set_error_handler(options, tiff_on_error, reader);
    functions->options_set_warning_handler(options, tiff_on_warning, reader);
    reader->file = functions->open_with_options(
        "", "r", reader, tiff_on_read, tiff_on_write, tiff_on_seek, tiff_on_close, tiff_on_length,
        tiff_on_map, tiff_on_unmap, options);
    functions->options_close(options);
  } else {
    functions->set_error_handler(NULL);
    functions->set_warning_handler(NULL);
    reader->file = functions->open(
        "", "r", reader, tiff_on_read, tiff_on_write, tiff_on_seek, tiff_on_close, tiff_on_length,
        tiff_on_map, tiff_on_unmap);
  }
  if (reader->file == NULL) reader->failed = 1;
  return reader;
}

static inline const char *tiff_reader_message(const tiff_reader *reader) {
  return reader->message;
}

// The value of a tag of one SHORT or LONG, or what TIFF takes where it is absent. Returns whether there is one.
static inline int tiff_reader_short(tiff_reader *reader, uint32_t tag, uint16_t *value) {
  return reader->functions->get_field_or_default(reader->file, tag, value);
}

static inline int tiff_reader_long(tiff_reader *reader, uint32_t tag, uint32_t *value) {
  return reader->functions->get_field(reader->file, tag, value);
}

// The kinds of the samples beyond the colours, owned by the reader.
static inline int tiff_reader_extra_samples(
    tiff_reader *reader, uint16_t *count, const uint16_t **kinds) {
  return reader->functions->get_field_or_default(reader->file, 338, count, kinds);
}

// The three columns of the colour map, 2^bits numbers each, owned by the reader.
static inline int tiff_reader_colour_map(
    tiff_reader *reader, const uint16_t **red, const uint16_t **green, const uint16_t **blue) {
  return reader->functions->get_field(reader->file, 320, red, green, blue);
}

// Makes libtiff convert the YCbCr of JPEG to RGB.
static inline int tiff_reader_ask_for_rgb(tiff_reader *reader) {
  return reader->functions->set_field(reader->file, 65538, 1);
}
