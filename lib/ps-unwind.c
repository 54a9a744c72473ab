/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The unwinder is libgcc's, linked statically: one that another library brings (libunwind does)
 * takes locks that the crashed thread, or another, may hold. It hands over frame by frame, and each
 * is kept at once: when it falls over a stack that was overwritten, what it had found is there.
 *
 * _dl_find_object() tells without a lock which loaded file an address belongs to. Where it knows
 * none, the walk ends: going on would mean to look at bytes that may not be there.
 *
 * A call through a pointer that is no function (NULL, often) has nothing to unwind from, but has
 * just pushed the address of its caller. For the walk the registers are set back to before the
 * call.
 */

#include "ps-unwind.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

/* One for each frame would be enough, and for the place that is looked up first. */
#define N_MODULES (PS_UNWIND_MAX + 2)
#define BUILD_ID_MAX 32

typedef struct
{
  const void *start;
  const char *path;
  uintptr_t bias; /* from addresses in the file to those in memory */
  char build_id[2 * BUILD_ID_MAX + 1];
} Module;

static struct
{
  char program[4096]; /* the loader has no name for it */
  PsFrame frames[PS_UNWIND_MAX];
  atomic_size_t n_frames;
  Module modules[N_MODULES];
  size_t n_modules;
} well;

typedef struct
{
  uintptr_t begin; /* frames are of interest from this one on; 0: from the first */
  int begin_called;
} Walk;

/* --- Registers ------------------------------------------------------------------------------- */

/* Adding a processor means these three functions; without them a backtrace begins in our handler.
 */

#if defined(__x86_64__)

uintptr_t
ps_unwind_get_pc (const void *ucontext)
{
  return (uintptr_t) ((const ucontext_t *) ucontext)->uc_mcontext.gregs[REG_RIP];
}

uintptr_t
ps_unwind_get_sp (const void *ucontext)
{
  return (uintptr_t) ((const ucontext_t *) ucontext)->uc_mcontext.gregs[REG_RSP];
}

static void
undo_call (ucontext_t *ucontext)
{
  greg_t *registers = ucontext->uc_mcontext.gregs;

  registers[REG_RIP] = *(greg_t *) registers[REG_RSP];
  registers[REG_RSP] += (greg_t) sizeof (greg_t);
}

#elif defined(__aarch64__)

uintptr_t
ps_unwind_get_pc (const void *ucontext)
{
  return (uintptr_t) ((const ucontext_t *) ucontext)->uc_mcontext.pc;
}

uintptr_t
ps_unwind_get_sp (const void *ucontext)
{
  return (uintptr_t) ((const ucontext_t *) ucontext)->uc_mcontext.sp;
}

static void
undo_call (ucontext_t *ucontext)
{
  ucontext->uc_mcontext.pc = ucontext->uc_mcontext.regs[30];
}

#else

uintptr_t
ps_unwind_get_pc (const void *ucontext)
{
  return 0;
}

uintptr_t
ps_unwind_get_sp (const void *ucontext)
{
  return 0;
}

static void
undo_call (ucontext_t *ucontext)
{
}

#endif

/* --- Files ----------------------------------------------------------------------------------- */

static void
write_hex (char *text, const unsigned char *bytes, size_t n)
{
  static const char digits[] = "0123456789abcdef";

  for (size_t i = 0; i < n; i++)
    {
      text[2 * i] = digits[bytes[i] >> 4];
      text[2 * i + 1] = digits[bytes[i] & 15];
    }
  text[2 * n] = '\0';
}

static int
find_build_id (const char *notes, size_t size, char *text)
{
  while (size >= sizeof (ElfW (Nhdr)))
    {
      const ElfW (Nhdr) *note = (const ElfW (Nhdr) *) notes;
      size_t name_size = (note->n_namesz + 3u) & ~3u, value_size = (note->n_descsz + 3u) & ~3u;
      size_t whole = sizeof *note + name_size + value_size;
      const char *name = notes + sizeof *note;

      if (whole > size)
        return 0;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof "GNU"
          && memcmp (name, "GNU", sizeof "GNU") == 0 && note->n_descsz <= BUILD_ID_MAX)
        {
          write_hex (text, (const unsigned char *) name + name_size, note->n_descsz);
          return 1;
        }
      notes += whole;
      size -= whole;
    }
  return 0;
}

/* Its own headers are in memory, where the loader has mapped the file's beginning. */
static void
read_headers (Module *module)
{
  const ElfW (Ehdr) *header = module->start;
  const ElfW (Phdr) * segments;

  module->build_id[0] = '\0';
  if (memcmp (header->e_ident, ELFMAG, SELFMAG) != 0)
    return;
  segments = (const ElfW (Phdr) *) ((const char *) header + header->e_phoff);
  for (size_t i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_NOTE
        && find_build_id ((const char *) module->bias + segments[i].p_vaddr, segments[i].p_memsz,
                          module->build_id))
      return;
}

/* NULL: there is no code. */
static const Module *
find_module (uintptr_t address)
{
  struct dl_find_object object;
  Module *module;

  if (_dl_find_object ((void *) address, &object) != 0)
    return NULL;
  for (size_t i = 0; i < well.n_modules; i++)
    if (well.modules[i].start == object.dlfo_map_start)
      return &well.modules[i];

  if (well.n_modules == N_MODULES)
    return NULL;
  module = &well.modules[well.n_modules++];
  module->start = object.dlfo_map_start;
  module->bias = object.dlfo_link_map->l_addr;
  module->path = object.dlfo_link_map->l_name;
  if (module->path == NULL || module->path[0] == '\0')
    module->path = well.program;
  read_headers (module);
  return module;
}

/* --- Walking --------------------------------------------------------------------------------- */

/* called: the address is the one that a call returns to, which may be past the end of the function
 * when that never returns. Returns whether there is code. */
static int
add_frame (uintptr_t address, int called)
{
  const Module *module = find_module (address - (called != 0));
  size_t n = atomic_load (&well.n_frames);

  if (n == PS_UNWIND_MAX)
    return 0;
  well.frames[n] = (PsFrame){ .address = address };
  if (module != NULL)
    {
      well.frames[n].module = module->path;
      well.frames[n].offset = address - (called != 0) - module->bias;
      well.frames[n].build_id = module->build_id[0] != '\0' ? module->build_id : NULL;
    }
  atomic_store (&well.n_frames, n + 1);
  return module != NULL;
}

static _Unwind_Reason_Code
visit (struct _Unwind_Context *context, void *data)
{
  Walk *walk = data;
  int exact = 0;
  uintptr_t address = _Unwind_GetIPInfo (context, &exact);

  if (walk->begin != 0 && address != walk->begin)
    return _URC_NO_REASON;
  if (walk->begin != 0)
    exact = !walk->begin_called;
  walk->begin = 0;
  /* The end of the stack, as the first function of a thread marks it. */
  if (address == 0)
    return _URC_NORMAL_STOP;
  return add_frame (address, !exact) ? _URC_NO_REASON : _URC_NORMAL_STOP;
}

void
ps_unwind_reset (void)
{
  atomic_store (&well.n_frames, 0);
  well.n_modules = 0;
}

/* ucontext: that of the signal handler which this is called from. */
void
ps_unwind (void *ucontext, uintptr_t address_at_fault)
{
  ucontext_t *interrupted = ucontext;
  Walk walk = { .begin = ps_unwind_get_pc (ucontext) };
  mcontext_t saved;

  ps_unwind_reset ();
  if (find_module (walk.begin) != NULL || walk.begin != address_at_fault)
    {
      _Unwind_Backtrace (visit, &walk);
      if (atomic_load (&well.n_frames) == 0)
        add_frame (ps_unwind_get_pc (ucontext), 0);
      return;
    }

  add_frame (walk.begin, 0);
  saved = interrupted->uc_mcontext;
  undo_call (interrupted);
  walk.begin = ps_unwind_get_pc (ucontext);
  walk.begin_called = 1;
  if (find_module (walk.begin) != NULL)
    _Unwind_Backtrace (visit, &walk);
  interrupted->uc_mcontext = saved;
}

const PsFrame *
ps_unwind_get_frames (size_t *n_frames)
{
  *n_frames = atomic_load (&well.n_frames);
  return well.frames;
}

static _Unwind_Reason_Code
touch (struct _Unwind_Context *context, void *data)
{
  find_module (_Unwind_GetIP (context));
  return _URC_NO_REASON;
}

/* What is done once and what is loaded lazily is done and loaded now. */
void
ps_unwind_prepare (void)
{
  ssize_t n = readlink ("/proc/self/exe", well.program, sizeof well.program - 1);

  well.program[n > 0 ? n : 0] = '\0';
  ps_unwind_reset ();
  _Unwind_Backtrace (touch, NULL);
}
