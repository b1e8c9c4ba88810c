#ifndef RB_HOST_LIBGIT2_H
#define RB_HOST_LIBGIT2_H
/*
 * libgit2: the functions of the library that git and git_fetch use, found with
 * dlopen: linking it would cost every start some 4 ms. Private to the files
 * git*.c. Raw objects and refs only: commits, tags and trees are read by us.
 */
#include <git2.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

struct libgit2 {
	void *lib;
	int (*libgit2_init)(void);
	int (*libgit2_shutdown)(void);
	int (*libgit2_opts)(int option, ...);
	const git_error *(*error_last)(void);
	int (*repository_open_bare)(git_repository **out, const char *path);
	int (*repository_set_config)(git_repository *repo, git_config *config);
	int (*repository_set_odb)(git_repository *repo, git_odb *odb);
	void (*repository_free)(git_repository *repo);
	int (*config_new)(git_config **out);
	void (*config_free)(git_config *config);
	int (*odb_new)(git_odb **out);
	int (*odb_backend_pack)(git_odb_backend **out, const char *objects);
	int (*odb_backend_loose)(git_odb_backend **out, const char *objects, int level, int sync, unsigned dir_mode, unsigned file_mode);
	int (*odb_add_backend)(git_odb *odb, git_odb_backend *backend, int priority);
	void (*odb_free)(git_odb *odb);
	int (*odb_read_header)(size_t *size, git_object_t *type, git_odb *odb, const git_oid *id);
	int (*odb_read)(git_odb_object **out, git_odb *odb, const git_oid *id);
	const void *(*odb_object_data)(git_odb_object *o);
	size_t (*odb_object_size)(git_odb_object *o);
	void (*odb_object_free)(git_odb_object *o);
	int (*reference_create_matching)(git_reference **out, git_repository *repo, const char *name, const git_oid *id, int force,
					 const git_oid *current, const char *log);
	int (*note_commit_create)(git_oid *notes, git_oid *blob, git_repository *repo, git_commit *parent, const git_signature *author,
				  const git_signature *committer, const git_oid *id, const char *note, int overwrite);
	int (*commit_lookup)(git_commit **out, git_repository *repo, const git_oid *id);
	void (*commit_free)(git_commit *commit);
	int (*signature_new)(git_signature **out, const char *name, const char *email, git_time_t time, int offset);
	void (*signature_free)(git_signature *who);
	int (*reference_lookup)(git_reference **out, git_repository *repo, const char *name);
	git_reference_t (*reference_type)(const git_reference *ref);
	const git_oid *(*reference_target)(const git_reference *ref);
	void (*reference_free)(git_reference *ref);
	int (*reference_name_to_id)(git_oid *out, git_repository *repo, const char *name);
	int (*reference_iterator_glob_new)(git_reference_iterator **out, git_repository *repo, const char *glob);
	int (*reference_next_name)(const char **out, git_reference_iterator *iter);
	void (*reference_iterator_free)(git_reference_iterator *iter);
	int (*oid_fromstr)(git_oid *out, const char *hex);
	int (*oid_fmt)(char *hex, const git_oid *id);
	int (*remote_create_anonymous)(git_remote **out, git_repository *repo, const char *url);
	int (*remote_connect_ext)(git_remote *remote, git_direction direction, const git_remote_connect_options *options);
	int (*remote_connect_options_init)(git_remote_connect_options *out, unsigned version);
	int (*remote_ls)(const git_remote_head ***out, size_t *count, git_remote *remote);
	int (*remote_fetch)(git_remote *remote, const git_strarray *refspecs, const git_fetch_options *options, const char *log);
	void (*remote_free)(git_remote *remote);
	int (*fetch_options_init)(git_fetch_options *out, unsigned version);
	int (*credential_ssh_key_from_agent)(git_credential **out, const char *user);
	int (*credential_ssh_key_new)(git_credential **out, const char *user, const char *public_key, const char *private_key, const char *pass);
	int (*credential_username_new)(git_credential **out, const char *user);
};

/* Loads and starts it, blind to all configuration. NULL, or static text of what is
 * wrong. It stays mapped; end with libgit2_shutdown(). */
const char *libgit2_load(struct libgit2 *l);
/* Lets it trust these authorities (a file, a folder, or both NULL: the machine's), which it
 * does not read when it starts. 0 or its error. */
int libgit2_trust(struct libgit2 *l, const char *file, const char *dir);

/* libmbedx509's, in front of it: see libgit2.c. */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

#endif
