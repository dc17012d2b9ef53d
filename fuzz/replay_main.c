/* Runs a fuzz target over files, and over the files of folders, given as arguments: the ordinary build's replay. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* A copy of exactly `count` bytes, so that a sanitizer sees the first byte read past the end. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    uint8_t *bytes = NULL;
    long count = -1;
    if (fseek(file, 0, SEEK_END) == 0)
        count = ftell(file);
    rewind(file);
    if (count >= 0)
        bytes = malloc(count > 0 ? (size_t)count : 1);
    int failed = !bytes || fread(bytes, 1, (size_t)count, file) != (size_t)count;
    fclose(file);
    if (failed)
        fprintf(stderr, "%s: cannot be read\n", path);
    else
        failed = LLVMFuzzerTestOneInput(bytes, (size_t)count) != 0;
    free(bytes);
    return failed;
}

static int run_folder(const char *folder, int *files)
{
    DIR *entries = opendir(folder);
    if (!entries) {
        perror(folder);
        return 1;
    }
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[4096];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            failed |= run_file(path);
            ++*files;
        }
    }
    closedir(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    int files = 0;
    for (int i = 1; i < argc; i++) {
        struct stat info;
        if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) {
            failed |= run_folder(argv[i], &files);
        } else {
            failed |= run_file(argv[i]);
            files++;
        }
    }
    printf("%d inputs replayed\n", files);
    if (files == 0)
        fprintf(stderr, "no input: a corpus is missing\n");
    return failed || files == 0;
}
