#ifndef RB_HOST_CURL_H
#define RB_HOST_CURL_H
/*
 * curl: libcurl's functions that http uses, found with dlopen: linking it would
 * cost every start some 8 ms. The macros of its header that check types are off
 * the way, since they know the functions by name only.
 */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

struct curl {
	CURLcode (*global_init_mem)(long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r,
				    curl_strdup_callback s, curl_calloc_callback c);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *e);
	void (*easy_reset)(CURL *e);
	CURLcode (*easy_setopt)(CURL *e, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *e, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *m);
	CURLMcode (*multi_setopt)(CURLM *m, CURLMoption option, ...);
	CURLMcode (*multi_add_handle)(CURLM *m, CURL *e);
	CURLMcode (*multi_remove_handle)(CURLM *m, CURL *e);
	CURLMcode (*multi_perform)(CURLM *m, int *running);
	CURLMcode (*multi_poll)(CURLM *m, struct curl_waitfd *fds, unsigned n, int timeout_ms, int *ready);
	CURLMcode (*multi_wakeup)(CURLM *m); /* from any thread */
	CURLMsg *(*multi_info_read)(CURLM *m, int *left);
	const char *(*multi_strerror)(CURLMcode code);
	CURLU *(*url)(void);
	void (*url_cleanup)(CURLU *u);
	CURLUcode (*url_set)(CURLU *u, CURLUPart part, const char *text, unsigned flags);
};

/* Loads it. NULL, or static text of what is wrong. It stays loaded. */
const char *curl_load(struct curl *c);

#endif
