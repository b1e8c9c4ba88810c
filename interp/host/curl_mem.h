#ifndef RB_HOST_CURL_MEM_H
#define RB_HOST_CURL_MEM_H
/*
 * curl_mem: the memory of libcurl, as curl_global_init_mem() takes it. A request
 * costs it thirty blocks, which malloc gives to a second thread with locks and
 * without enough of a cache: the thread that works with libcurl keeps the freed ones
 * for the next request. The blocks are malloc's, so any thread may free any.
 */
#include <stddef.h>

/* These are malloc, free, realloc, strdup, calloc. */
void *curl_mem_alloc(size_t n);
void curl_mem_free(void *p);
void *curl_mem_realloc(void *p, size_t n);
char *curl_mem_strdup(const char *text);
void *curl_mem_calloc(size_t count, size_t size);

/* From here to curl_mem_keep_end() the calling thread keeps what it frees, at most
 * 512 KiB; without memory for that it keeps nothing. */
void curl_mem_keep(void);
void curl_mem_keep_end(void);

#endif
