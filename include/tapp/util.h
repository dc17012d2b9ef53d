/* How the TAPP functions are exported. */
#ifndef TAPP_UTIL_H_
#define TAPP_UTIL_H_

#if defined(__GNUC__)
#define TAPP_VISIBLE __attribute__((visibility("default")))
#else
#define TAPP_VISIBLE
#endif

#ifdef __cplusplus
#define TAPP_EXPORT extern "C" TAPP_VISIBLE
#else
#define TAPP_EXPORT TAPP_VISIBLE
#endif

#endif
