// libjpeg leaves it to the program to stop at an error, and the only way out of its callbacks is longjmp.
// Swift can neither call setjmp nor be jumped over, so every call that may fail is wrapped here: the jump
// starts in libjpeg and lands in C, and Swift sees a return value.
#pragma once

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
} cjpeg_errors;

// Keeps the message and leaves by the jump of the wrapper that is running.
static inline void cjpeg_on_error(j_common_ptr jpeg) {
  cjpeg_errors *errors = (cjpeg_errors *)jpeg->err;
  errors->manager.format_message(jpeg, errors->message);
  longjmp(errors->escape, 1);
}

// A warning that pixels were lost is an error: a picture is whole or it is refused. Others (odd
// headers, bytes between markers) do not change the pixels.
static inline void cjpeg_on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      cjpeg_on_error(jpeg);
      break;
    default:
      break;
  }
}

static inline void cjpeg_on_output(j_common_ptr jpeg) { (void)jpeg; }

static inline struct jpeg_error_mgr *cjpeg_errors_prepare(cjpeg_errors *errors) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = cjpeg_on_error;
  errors->manager.emit_message = cjpeg_on_message;
  errors->manager.output_message = cjpeg_on_output;
  return &errors->manager;
}

// ---- Reading ----

typedef struct {
  struct jpeg_decompress_struct jpeg;
  cjpeg_errors errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  int truncated;
  int too_many_scans;
  int has_multiple_scans;
  // The pixels of each component of each scan so far, and how many there may be; 0 is no limit.
  uint64_t scanned_pixels;
  uint64_t most_scanned_pixels;
  int scan_number;
  uint32_t width;
  uint32_t height;
  uint32_t components;
  // 4 (CMYK) or 3 (RGB).
  uint32_t channels;
} cjpeg_reader;

static inline void cjpeg_on_source_start(j_decompress_ptr jpeg) { (void)jpeg; }
static inline void cjpeg_on_source_end(j_decompress_ptr jpeg) { (void)jpeg; }

// The whole file is in the buffer, so a request for more means that it is cut short.
static inline boolean cjpeg_on_source_empty(j_decompress_ptr jpeg) {
  ((cjpeg_reader *)jpeg->client_data)->truncated = 1;
  jpeg->err->msg_code = JERR_INPUT_EOF;
  jpeg->err->error_exit((j_common_ptr)jpeg);
  return FALSE;
}

static inline void cjpeg_on_source_skip(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  if ((size_t)count > jpeg->src->bytes_in_buffer) {
    cjpeg_on_source_empty(jpeg);
    return;
  }
  jpeg->src->next_input_byte += count;
  jpeg->src->bytes_in_buffer -= (size_t)count;
}

// A small file can hold very many progressive scans, each of which costs a pass over its components.
static inline void cjpeg_on_progress(j_common_ptr common) {
  cjpeg_reader *reader = (cjpeg_reader *)common->client_data;
  j_decompress_ptr jpeg = &reader->jpeg;
  if (jpeg->input_scan_number == reader->scan_number) return;
  reader->scan_number = jpeg->input_scan_number;
  for (int i = 0; i < jpeg->comps_in_scan; i++) {
    const jpeg_component_info *component = jpeg->cur_comp_info[i];
    reader->scanned_pixels += (uint64_t)component->width_in_blocks * component->height_in_blocks * 64;
  }
  if (reader->most_scanned_pixels == 0 || reader->scanned_pixels <= reader->most_scanned_pixels) {
    return;
  }
  reader->too_many_scans = 1;
  cjpeg_on_error(common);
}

static inline void cjpeg_reader_close(cjpeg_reader *reader) {
  if (reader == NULL) return;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader);
}

// A reader of `byte_count` bytes, which must outlive it; NULL without memory.
static inline cjpeg_reader *cjpeg_reader_open(const uint8_t *bytes, size_t byte_count) {
  cjpeg_reader *reader = (cjpeg_reader *)calloc(1, sizeof(cjpeg_reader));
  if (reader == NULL) return NULL;
  reader->jpeg.err = cjpeg_errors_prepare(&reader->errors);
  reader->jpeg.client_data = reader;
  if (setjmp(reader->errors.escape)) {
    cjpeg_reader_close(reader);
    return NULL;
  }
  jpeg_create_decompress(&reader->jpeg);
  reader->source.next_input_byte = bytes;
  reader->source.bytes_in_buffer = byte_count;
  reader->source.init_source = cjpeg_on_source_start;
  reader->source.fill_input_buffer = cjpeg_on_source_empty;
  reader->source.skip_input_data = cjpeg_on_source_skip;
  reader->source.resync_to_restart = jpeg_resync_to_restart;
  reader->source.term_source = cjpeg_on_source_end;
  reader->jpeg.src = &reader->source;
  reader->progress.progress_monitor = cjpeg_on_progress;
  reader->jpeg.progress = &reader->progress;
  return reader;
}

// Reads up to the pixels and fills in the fields that describe the picture; nothing of the picture's
// size is allocated. Returns 0, or -1 with the message set.
static inline int cjpeg_reader_read_header(cjpeg_reader *reader) {
  if (setjmp(reader->errors.escape)) return -1;
  jpeg_save_markers(&reader->jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&reader->jpeg, TRUE);
  reader->width = reader->jpeg.image_width;
  reader->height = reader->jpeg.image_height;
  reader->components = (uint32_t)reader->jpeg.num_components;
  reader->channels = reader->components == 4 ? 4 : 3;
  reader->has_multiple_scans = jpeg_has_multiple_scans(&reader->jpeg);
  return 0;
}

// Reads the pixels, RGB or CMYK by `channels`, into height × width × channels bytes, and the rest of the
// file. Returns 0, or -1 with the message set.
static inline int cjpeg_reader_read_pixels(cjpeg_reader *reader, uint8_t *pixels) {
  if (setjmp(reader->errors.escape)) return -1;
  size_t row_size = (size_t)reader->width * reader->channels;
  reader->jpeg.out_color_space = reader->channels == 4 ? JCS_CMYK : JCS_RGB;
  reader->jpeg.dct_method = JDCT_ISLOW;
  reader->jpeg.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&reader->jpeg);
  while (reader->jpeg.output_scanline < reader->height) {
    JSAMPROW row = pixels + reader->jpeg.output_scanline * row_size;
    jpeg_read_scanlines(&reader->jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader->jpeg);
  return 0;
}

// The TIFF structure of the first Exif marker, owned by the reader; NULL where there is none.
// Valid between reading the header and reading the pixels, which frees the markers.
static inline const uint8_t *cjpeg_reader_exif(cjpeg_reader *reader, size_t *count) {
  static const char prefix[6] = "Exif\0";
  *count = 0;
  for (jpeg_saved_marker_ptr marker = reader->jpeg.marker_list; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < sizeof(prefix)) continue;
    if (memcmp(marker->data, prefix, sizeof(prefix)) != 0) continue;
    *count = marker->data_length - sizeof(prefix);
    return marker->data + sizeof(prefix);
  }
  return NULL;
}

static inline const char *cjpeg_reader_message(const cjpeg_reader *reader) {
  return reader->errors.message;
}

// ---- Writing ----

typedef struct {
  struct jpeg_compress_struct jpeg;
  cjpeg_errors errors;
  struct jpeg_destination_mgr destination;
  uint8_t *bytes;
  size_t byte_count;
  size_t capacity;
} cjpeg_writer;

// Doubles the buffer and goes on where it was full. (jpeg_mem_dest would leave `bytes` dangling at an
// error after growth.)
static inline boolean cjpeg_on_destination_full(j_compress_ptr jpeg) {
  cjpeg_writer *writer = (cjpeg_writer *)jpeg->client_data;
  size_t capacity = writer->capacity == 0 ? 16384 : writer->capacity * 2;
  uint8_t *grown = (uint8_t *)realloc(writer->bytes, capacity);
  if (grown == NULL) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
  writer->destination.next_output_byte = grown + writer->capacity;
  writer->destination.free_in_buffer = capacity - writer->capacity;
  writer->bytes = grown;
  writer->capacity = capacity;
  return TRUE;
}

static inline void cjpeg_on_destination_start(j_compress_ptr jpeg) {
  cjpeg_on_destination_full(jpeg);
}

static inline void cjpeg_on_destination_end(j_compress_ptr jpeg) {
  cjpeg_writer *writer = (cjpeg_writer *)jpeg->client_data;
  writer->byte_count = writer->capacity - writer->destination.free_in_buffer;
}

static inline void cjpeg_writer_close(cjpeg_writer *writer) {
  if (writer == NULL) return;
  jpeg_destroy_compress(&writer->jpeg);
  free(writer->bytes);
  free(writer);
}

// A writer, to be used once, into memory that it owns; NULL without memory.
static inline cjpeg_writer *cjpeg_writer_open(void) {
  cjpeg_writer *writer = (cjpeg_writer *)calloc(1, sizeof(cjpeg_writer));
  if (writer == NULL) return NULL;
  writer->jpeg.err = cjpeg_errors_prepare(&writer->errors);
  writer->jpeg.client_data = writer;
  if (setjmp(writer->errors.escape)) {
    cjpeg_writer_close(writer);
    return NULL;
  }
  jpeg_create_compress(&writer->jpeg);
  writer->destination.init_destination = cjpeg_on_destination_start;
  writer->destination.empty_output_buffer = cjpeg_on_destination_full;
  writer->destination.term_destination = cjpeg_on_destination_end;
  writer->jpeg.dest = &writer->destination;
  return writer;
}

// Writes the whole file of a height × width × 3 picture; a comment of 0 bytes is left out.
// Returns 0, or -1 with the message set.
static inline int cjpeg_writer_write(
    cjpeg_writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int quality,
    const uint8_t *comment, uint32_t comment_size) {
  if (setjmp(writer->errors.escape)) return -1;
  writer->jpeg.image_width = width;
  writer->jpeg.image_height = height;
  writer->jpeg.input_components = 3;
  writer->jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&writer->jpeg);
  jpeg_set_quality(&writer->jpeg, quality, TRUE);
  jpeg_start_compress(&writer->jpeg, TRUE);
  if (comment_size > 0) jpeg_write_marker(&writer->jpeg, JPEG_COM, comment, comment_size);
  while (writer->jpeg.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)pixels + (size_t)writer->jpeg.next_scanline * width * 3;
    jpeg_write_scanlines(&writer->jpeg, &row, 1);
  }
  jpeg_finish_compress(&writer->jpeg);
  return 0;
}

static inline const char *cjpeg_writer_message(const cjpeg_writer *writer) {
  return writer->errors.message;
}
