// What the command uses of libedit, by its documented interface (editline(3)). The library is opened at
// run time. Functions with variable arguments are called through the small ones below.
#pragma once

#include <stdio.h>
#include <wchar.h>

typedef struct cedit_line cedit_line;
typedef struct cedit_history cedit_history;

typedef struct {
  int number;
  const char *text;
} cedit_event;

typedef struct {
  const char *buffer;
  const char *cursor;
  const char *end;
} cedit_info;

typedef cedit_line *(*cedit_init)(const char *, FILE *, FILE *, FILE *);
typedef void (*cedit_end)(cedit_line *);
typedef const char *(*cedit_gets)(cedit_line *, int *);
typedef const cedit_info *(*cedit_info_of)(cedit_line *);
typedef int (*cedit_insert)(cedit_line *, const char *);
typedef cedit_history *(*cedit_history_init)(void);
typedef void (*cedit_history_end)(cedit_history *);

typedef char *(*cedit_prompt)(cedit_line *);
typedef unsigned char (*cedit_command)(cedit_line *, int);
typedef int (*cedit_read)(cedit_line *, wchar_t *);

// Pointers to functions with variable arguments are handed over as plain ones.
typedef int (*cedit_set_function)(cedit_line *, int, ...);
typedef int (*cedit_history_function)(cedit_history *, cedit_event *, int, ...);

enum {
  CEDIT_PROMPT = 0,
  CEDIT_EDITOR = 2,
  CEDIT_SIGNAL = 3,
  CEDIT_BIND = 4,
  CEDIT_ADD_COMMAND = 9,
  CEDIT_HISTORY = 10,
  CEDIT_READ = 13,
  // What a command of one's own answers.
  CEDIT_NOTHING = 0,
  CEDIT_REFRESH = 4,
  CEDIT_REDISPLAY = 8,
  CEDIT_BEEP = 6,
  CEDIT_HISTORY_SET_SIZE = 1,
  CEDIT_HISTORY_ENTER = 10,
  CEDIT_HISTORY_LOAD = 17,
  CEDIT_HISTORY_SAVE = 18,
  CEDIT_HISTORY_SET_UNIQUE = 20,
};

static inline int cedit_set_prompt(void *set, cedit_line *line, cedit_prompt prompt) {
  return ((cedit_set_function)set)(line, CEDIT_PROMPT, prompt);
}

static inline int cedit_set_editor(void *set, cedit_line *line, const char *name) {
  return ((cedit_set_function)set)(line, CEDIT_EDITOR, name);
}

static inline int cedit_set_signals(void *set, cedit_line *line, int handled) {
  return ((cedit_set_function)set)(line, CEDIT_SIGNAL, handled);
}

static inline int cedit_bind(void *set, cedit_line *line, const char *key, const char *command) {
  return ((cedit_set_function)set)(line, CEDIT_BIND, key, command, (char *)0);
}

static inline int cedit_add_command(
    void *set, cedit_line *line, const char *name, const char *help, cedit_command command) {
  return ((cedit_set_function)set)(line, CEDIT_ADD_COMMAND, name, help, command);
}

static inline int cedit_set_history(
    void *set, cedit_line *line, void *function, cedit_history *history) {
  return ((cedit_set_function)set)(line, CEDIT_HISTORY, (cedit_history_function)function, history);
}

static inline int cedit_set_reader(void *set, cedit_line *line, cedit_read read) {
  return ((cedit_set_function)set)(line, CEDIT_READ, read);
}

static inline int cedit_history_number(
    void *function, cedit_history *history, int what, int value) {
  cedit_event event;
  return ((cedit_history_function)function)(history, &event, what, value);
}

static inline int cedit_history_text(
    void *function, cedit_history *history, int what, const char *text) {
  cedit_event event;
  return ((cedit_history_function)function)(history, &event, what, text);
}
