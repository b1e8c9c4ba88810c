# runbook: one Makefile, no configure; everything made goes to build/.
#
#   make              build/runbook and build/librunbook.a
#   make demo         the main job, from a fresh machine
#   make check        all tests but the long ones; closes with "N passed, N failed"
#   make help         the other targets
#
# Variables: SAN=1 (sanitizers, in build/san), B=DIR (build somewhere else),
# ROOMS="base value" (library of these folders only), T="base_str node" (unit
# tests to build and run), CC, OPT, PREFIX, DESTDIR.

ROOMS   ?= base value syntax eval host journal plan run report cli
SAN     ?=
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
AR      ?= ar
PREFIX  ?= /usr/local
T       ?=
ALL_ROOMS := base value syntax eval host journal plan run report cli

ifeq ($(SAN),1)
B       ?= build/san
OPT     ?= -O1 -g
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
B       ?= build
OPT     ?= -O2 -g
SANFLAGS :=
endif

# Targets that must work before a compiler is there.
BARE := deps demo check check-long fuzz bench clean layers banned names coverage help
ifneq ($(filter-out $(BARE),$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell command -v $(CC)),)
$(error no $(CC) here: run `make deps` first)
endif
endif

WARN    := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
  -Wno-format-zero-length -Werror
CPPFLAGS := -Iinterp -D_GNU_SOURCE -include interp/base/banned.h
CFLAGS  := $(OPT) $(WARN) $(SANFLAGS)
std      = -std=$(if $(filter interp/host/%,$<),gnu11,c11)
# The exported function stands in front of a slow one of libgit2's: see host/libgit2.c.
LDFLAGS := $(SANFLAGS) -Wl,--as-needed -Wl,-O1 -Wl,--export-dynamic-symbol=mbedtls_x509_crt_parse_file

# Start-up time counts: small libraries go in statically where Debian's -dev
# package brings the archive. libcurl and libgit2 are never linked: host/ opens
# them when a run needs them. -print-file-name echoes the bare name if missing.
LIBNAMES := yaml jansson pcre2-8 utf8proc crypto z
ifeq ($(SAN),1)
LIBS    := $(LIBNAMES:%=-l%) -lm -ldl
else
archive  = $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a 2>/dev/null))
LIBS    := $(foreach l,$(LIBNAMES),$(or $(call archive,$(l)),-l$(l))) $(or $(call archive,m),-lm) -ldl
endif

SRC     := $(foreach r,$(ROOMS),$(sort $(wildcard interp/$(r)/*.c)))
OBJ     := $(SRC:%.c=$(B)/obj/%.o) $(B)/obj/gen/pages.o $(B)/obj/gen/stdlib.o
MAINOBJ := $(B)/obj/interp/cli/main.o
LIBOBJ  := $(filter-out $(MAINOBJ),$(OBJ))
# A library of some rooms only must not pass for the whole one.
LIB     := $(B)/librunbook$(if $(filter-out $(ROOMS),$(ALL_ROOMS)),-$(subst $() ,-,$(strip $(ROOMS)))).a
UNITSRC := $(sort $(if $(T),$(T:%=tests/unit/test_%.c),$(wildcard tests/unit/test_*.c)))
UNIT    := $(UNITSRC:tests/unit/%.c=$(B)/unit/%)
PAGES   := $(sort $(wildcard docs/errors/RB*.md))
STDLIB  := $(sort $(wildcard stdlib/*.yml stdlib/*/*.yml))

all: $(B)/runbook $(B)/compile_commands.json
lib: $(LIB)
# Compiles every object and nothing more: `make -k objs`.
objs: $(OBJ)

$(B)/runbook: $(MAINOBJ) $(LIB)
	$(CC) $(LDFLAGS) -o $@.$$$$ $(MAINOBJ) $(LIB) $(LIBS) && mv -f $@.$$$$ $@

# Written beside and renamed, so that two makes at a time do no harm.
$(LIB): $(LIBOBJ)
	@rm -f $@.$$$$; $(AR) rcs $@.$$$$ $(LIBOBJ) && mv -f $@.$$$$ $@

define compile
	@mkdir -p $(@D)
	@echo 'CC $<'; $(CC) $(std) $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@.$$$$ $< \
	  && mv -f $@.$$$$ $@ || { rm -f $@.$$$$; exit 1; }
endef
$(B)/obj/%.o: %.c $(B)/flags
	$(compile)
$(B)/obj/gen/pages.o: $(B)/gen/pages.c $(B)/flags
	$(compile)

$(B)/obj/gen/stdlib.o: $(B)/gen/stdlib.c $(B)/flags
	$(compile)

# Pages of `runbook explain RBnnn`, and the std modules.
$(B)/gen/pages.c: interp/base/embed.awk $(PAGES) $(B)/pages.list
	@mkdir -p $(@D)
	@LC_ALL=C awk -f interp/base/embed.awk $(PAGES) </dev/null >$@.tmp
	@mv $@.tmp $@

$(B)/gen/stdlib.c: interp/base/stdlib.awk $(STDLIB) $(B)/stdlib.list
	@mkdir -p $(@D)
	@LC_ALL=C awk -f interp/base/stdlib.awk $(STDLIB) </dev/null >$@.tmp
	@mv $@.tmp $@

# Lists that change when files come and go or flags differ: they remake what depends on them.
define keep
	@mkdir -p $(@D)
	@printf '%s\n' '$(strip $(1))' | cmp -s - $@ || printf '%s\n' '$(strip $(1))' >$@
endef
$(B)/flags: FORCE
	$(call keep,$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LIBS))
$(B)/pages.list: FORCE
	$(call keep,$(PAGES))
$(B)/stdlib.list: FORCE
	$(call keep,$(STDLIB))
$(B)/sources.list: FORCE
	$(call keep,$(SRC) $(UNITSRC))
FORCE:

# For clangd, which looks into build/ by itself.
$(B)/compile_commands.json: $(B)/sources.list $(B)/flags
	@for f in $(SRC) $(UNITSRC); do \
	  std=c11; case $$f in interp/host/*) std=gnu11;; esac; \
	  printf ',{"directory":"%s","file":"%s","command":"%s -std=%s %s -c %s"}\n' \
	    "$(CURDIR)" "$$f" "$(CC)" $$std "$(CPPFLAGS) $(CFLAGS)" "$$f"; \
	  done | sed -e '1s/^,/[/' -e '$$s/$$/]/' >$@

# Unit tests: one program per file.
$(B)/unit/%: tests/unit/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) -o $@.$$$$ $< $(LIB) -lcmocka $(LIBS) \
	  && mv -f $@.$$$$ $@

unit-build: $(UNIT)
unit: unit-build
	@rc=0; for t in $(UNIT); do echo "== $$t"; $$t || rc=1; done; exit $$rc

# Fast checks that need no compiler, only sh and awk.
layers:
	@sh tests/check/layers.sh
banned:
	@sh tests/check/banned.sh
coverage:
	@sh tests/check/coverage.sh
names:
	@sh tests/check/names.sh
# Each header compiles alone.
headers:
	@CC='$(CC)' sh tests/check/headers.sh

deps:
	@sh tests/check/deps.sh build
# The targets below install what is missing first (Debian, as root or by sudo).
demo:
	@sh tests/check/deps.sh build demo
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@sh runbooks/demo/demo.sh $(CURDIR)/$(B)/runbook
check:
	@sh tests/check/deps.sh build demo check
	@bash tests/check/run.sh
check-long:
	@sh tests/check/deps.sh build demo check long
	@RB_LONG=1 bash tests/check/run.sh
fuzz:
	@sh tests/check/deps.sh build fuzz
	@sh tests/check/fuzz.sh
bench:
	@sh tests/check/deps.sh build bench
	@$(MAKE) --no-print-directory -j$$(nproc) all bench-build
	@sh tests/bench/run.sh $(CURDIR)/$(B)/runbook
# C programs of the benchmarks: floors and inner loops.
bench-build: $(patsubst tests/bench/%.c,$(B)/bench/%,$(sort $(wildcard tests/bench/*.c)))
$(B)/bench/floor_http: LIBS += -lcurl
$(B)/bench/bench_git: LIBS += -lgit2
$(B)/bench/%: tests/bench/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) -o $@.$$$$ $< $(LIB) $(LIBS) \
	  && mv -f $@.$$$$ $@

# Drivers of tests/crash: kills, faults, lost sectors.
crash-build: $(patsubst tests/crash/%.c,$(B)/crash/%,$(sort $(wildcard tests/crash/*.c)))
$(B)/crash/%: tests/crash/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CPPFLAGS) $(CFLAGS) -Wno-unused-function -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) -o $@.$$$$ $< $(LIB) $(LIBS) \
	  && mv -f $@.$$$$ $@

# The driver of tests/replay.
replay-build: $(B)/replay/matrix
$(B)/replay/%: tests/replay/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=c11 $(CPPFLAGS) $(CFLAGS) -Wno-unused-function -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) -o $@.$$$$ $< $(LIB) $(LIBS) \
	  && mv -f $@.$$$$ $@

# Fuzz targets: tests/fuzz/fuzz_NAME.c with everything in clang's instrumentation.
FUZZCC    := clang
FUZZFLAGS := -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZSRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZOBJ   := $(patsubst %.c,$(B)/fuzz/obj/%.o,$(filter-out interp/cli/main.c,$(SRC))) $(B)/fuzz/obj/gen/pages.o $(B)/fuzz/obj/gen/stdlib.o
fuzz-build: $(FUZZSRC:tests/fuzz/%.c=$(B)/fuzz/%)
$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZCC) -std=gnu11 $(CPPFLAGS) $(FUZZFLAGS) -MMD -MP -c -o $@ $<
$(B)/fuzz/obj/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(FUZZCC) -std=gnu11 $(CPPFLAGS) $(FUZZFLAGS) -MMD -MP -c -o $@ $<
$(B)/fuzz/librunbook.a: $(FUZZOBJ)
	@rm -f $@
	$(AR) rcs $@ $(FUZZOBJ)
$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(B)/fuzz/librunbook.a
	$(FUZZCC) -std=gnu11 $(CPPFLAGS) $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/fuzz/librunbook.a $(LIBNAMES:%=-l%) -lm -ldl

# The same targets without a fuzzer, over their seeds only: with SAN=1 in make check.
seeds-build: $(FUZZSRC:tests/fuzz/fuzz_%.c=$(B)/fuzz/seeds_%)
$(B)/fuzz/seeds_%: tests/fuzz/fuzz_%.c tests/fuzz/seeds.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) -MMD -MP -MT $@ -MF $@.d $(LDFLAGS) -o $@.$$$$ $< tests/fuzz/seeds.c $(LIB) $(LIBS) \
	  && mv -f $@.$$$$ $@

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/runbook
	install -m 755 $(B)/runbook $(DESTDIR)$(PREFIX)/bin/runbook
	for f in schemas/*.json; do [ ! -e "$$f" ] || install -m 644 "$$f" $(DESTDIR)$(PREFIX)/share/runbook/; done

clean:
	rm -rf build

help:
	@echo 'make [all] | demo | check | check-long | unit | fuzz | bench | install | clean'
	@echo 'parts of check: layers headers banned names coverage; also: objs lib unit-build deps'
	@echo 'variables: SAN=1  B=DIR  ROOMS="base value"  T="base_str node"  CC OPT PREFIX DESTDIR'

.PHONY: all lib objs unit unit-build layers banned names coverage headers deps demo check check-long \
	fuzz fuzz-build seeds-build bench bench-build crash-build replay-build install clean help FORCE
.DELETE_ON_ERROR:
# Dependency files of -MMD.
-include $(OBJ:.o=.d) $(UNIT:=.d) $(FUZZOBJ:.o=.d) $(wildcard $(B)/crash/*.d $(B)/replay/*.d)
