/*
 * floor_http: what 5,000 GETs cost at least: curl_multi alone, 16 at once, easy
 * handles and connections reused. Prints requests a second; the bench divides.
 *
 *   floor_http URL [COUNT [AT_ONCE]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <curl/curl.h>

static size_t swallow(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	*(size_t *)arg += size * n;
	return size * n;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 5000, width = argc > 3 ? strtol(argv[3], NULL, 10) : 16;
	long started = 0, done = 0, failed = 0;
	size_t bytes = 0;
	CURLM *m;
	double from;

	if (argc < 2 || curl_global_init(CURL_GLOBAL_ALL))
		return 2;
	m = curl_multi_init();
	from = now();
	for (; started < width && started < count; started++) {
		CURL *e = curl_easy_init();

		curl_easy_setopt(e, CURLOPT_URL, argv[1]);
		curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, swallow);
		curl_easy_setopt(e, CURLOPT_WRITEDATA, &bytes);
		curl_multi_add_handle(m, e);
	}
	while (done < count) {
		int running, left;
		CURLMsg *msg;

		curl_multi_perform(m, &running);
		while ((msg = curl_multi_info_read(m, &left))) {
			CURL *e = msg->easy_handle;

			failed += msg->data.result != CURLE_OK;
			done++;
			curl_multi_remove_handle(m, e);
			if (started < count) {
				started++;
				curl_multi_add_handle(m, e);
			} else {
				curl_easy_cleanup(e);
			}
		}
		if (done < count)
			curl_multi_poll(m, NULL, 0, 1000, NULL);
	}
	printf("%.0f requests/s, %ld failed, %zu bytes\n", (double)count / (now() - from), failed, bytes);
	curl_multi_cleanup(m);
	curl_global_cleanup();
	return failed > 0;
}
