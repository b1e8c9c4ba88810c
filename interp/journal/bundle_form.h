#ifndef RB_JOURNAL_BUNDLE_FORM_H
#define RB_JOURNAL_BUNDLE_FORM_H
/* bundle_form: the bytes of a bundle that follow from its entries. For bundle.c and bundle_read.c. */
#include "base/buf.h"
#include "journal/bundle.h"

enum { TAR_BLOCK = 512 };
#define BUNDLE_MANIFEST "bundle.json"

/* The header of an entry: TAR_BLOCK bytes. path is BUNDLE_MANIFEST or bundle_path_ok(). */
void bundle_header(char *block, struct str path, uint64_t size);
/* The text of bundle.json. */
void bundle_manifest(struct str run, const struct bundle_entry *list, uint32_t count, struct buf *out);
/* Bytes from the end of an entry to its next block. */
static inline size_t bundle_padding(uint64_t size)
{
	return (size_t)(TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

#endif
