/* Numbers of the zip format that its reader and its writer share; sections of PKWARE's APPNOTE. */
#ifndef TF_IO_ZIP_FORMAT_H
#define TF_IO_ZIP_FORMAT_H

enum {
    TF_ZIP_LOCAL = 0x04034b50,     /* 4.3.7 */
    TF_ZIP_CENTRAL = 0x02014b50,   /* 4.3.12 */
    TF_ZIP_END64 = 0x06064b50,     /* 4.3.14 */
    TF_ZIP_LOCATOR64 = 0x07064b50, /* 4.3.15 */
    TF_ZIP_END = 0x06054b50,       /* 4.3.16 */
    TF_ZIP_LOCAL_SIZE = 30,
    TF_ZIP_CENTRAL_SIZE = 46,
    TF_ZIP_END64_SIZE = 56,
    TF_ZIP_LOCATOR64_SIZE = 20,
    TF_ZIP_END_SIZE = 22,
    TF_ZIP_EXTRA64 = 1,          /* 4.5.3: the extra field with 64-bit sizes */
    TF_ZIP_FLAG_ENCRYPTED = 0x1, /* 4.4.4 */
    TF_ZIP_FLAG_UTF8 = 0x800,
    TF_ZIP_STORED = 0, /* 4.4.5 */
    TF_ZIP_DEFLATED = 8
};

#endif
