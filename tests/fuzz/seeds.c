/*
 * seeds: the main() of a fuzz target without a fuzzer. Each file of the folders
 * goes to the target once, with ten seconds for it; the name stands on stderr
 * before, so that the last line of a crash tells which one it was. Needs no
 * libFuzzer: `make check` builds it with what it has built already.
 *
 *   seeds_NAME FOLDER...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SECONDS = 10, INPUT_MAX = 1 << 20 };

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (!f || fstat(fileno(f), &st) || st.st_size > INPUT_MAX) {
		fprintf(stderr, "%s: cannot be read, or is larger than %d bytes\n", path, INPUT_MAX);
		exit(1);
	}
	/* No byte more, so that a read behind the end is seen. */
	size = (size_t)st.st_size;
	data = malloc(size ? size : 1);
	if (!data || fread(data, 1, size, f) != size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	fprintf(stderr, "%s\n", path);
	alarm(SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	alarm(0);
	free(data);
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **names;
		int n = scandir(argv[i], &names, NULL, alphasort);

		for (int k = 0; k < n; k++) {
			char path[4096];

			if (names[k]->d_name[0] != '.') {
				snprintf(path, sizeof(path), "%s/%s", argv[i], names[k]->d_name);
				run_file(path);
				files++;
			}
			free(names[k]);
		}
		if (n >= 0)
			free(names);
	}
	if (!files) {
		fprintf(stderr, "no seeds\n");
		return 1;
	}
	printf("%d seeds\n", files);
	return 0;
}
