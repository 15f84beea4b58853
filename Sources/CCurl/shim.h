// libcurl, opened at run time: the command runs without it, and with whichever of its flavours a system
// has. Only the header is needed to build. Its functions with a varying number of arguments cannot be
// called from Swift, so they are called here, through the address that was looked up.
#pragma once

#include <curl/curl.h>

typedef CURLcode (*ccurl_setopt_function)(CURL *, CURLoption, ...);
typedef CURLcode (*ccurl_getinfo_function)(CURL *, CURLINFO, ...);
typedef size_t (*ccurl_data_function)(char *, size_t, size_t, void *);

static inline CURLcode ccurl_set_long(void *setopt, CURL *handle, CURLoption option, long value) {
  return ((ccurl_setopt_function)setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_pointer(void *setopt, CURL *handle, CURLoption option, void *value) {
  return ((ccurl_setopt_function)setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_text(
    void *setopt, CURL *handle, CURLoption option, const char *value) {
  return ((ccurl_setopt_function)setopt)(handle, option, value);
}

static inline CURLcode ccurl_set_function(
    void *setopt, CURL *handle, CURLoption option, ccurl_data_function value) {
  return ((ccurl_setopt_function)setopt)(handle, option, value);
}

static inline long ccurl_get_long(void *getinfo, CURL *handle, CURLINFO info) {
  long value = 0;
  ((ccurl_getinfo_function)getinfo)(handle, info, &value);
  return value;
}

// Owned by the handle.
static inline const char *ccurl_get_text(void *getinfo, CURL *handle, CURLINFO info) {
  const char *value = NULL;
  ((ccurl_getinfo_function)getinfo)(handle, info, &value);
  return value;
}

// How a transfer ended that `curl_multi_info_read` reports.
static inline CURLcode ccurl_result(const CURLMsg *message) { return message->data.result; }

typedef CURLcode (*ccurl_global_init)(long);
typedef CURL *(*ccurl_easy_init)(void);
typedef void (*ccurl_easy_cleanup)(CURL *);
typedef const char *(*ccurl_easy_strerror)(CURLcode);
typedef struct curl_slist *(*ccurl_slist_append)(struct curl_slist *, const char *);
typedef void (*ccurl_slist_free_all)(struct curl_slist *);
typedef CURLM *(*ccurl_multi_init)(void);
typedef CURLMcode (*ccurl_multi_cleanup)(CURLM *);
typedef CURLMcode (*ccurl_multi_handle)(CURLM *, CURL *);
typedef CURLMcode (*ccurl_multi_perform)(CURLM *, int *);
typedef CURLMcode (*ccurl_multi_poll)(CURLM *, struct curl_waitfd *, unsigned int, int, int *);
typedef CURLMsg *(*ccurl_multi_info_read)(CURLM *, int *);
typedef const char *(*ccurl_version)(void);
typedef time_t (*ccurl_getdate)(const char *, const time_t *);
