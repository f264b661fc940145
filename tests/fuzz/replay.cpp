#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{path}) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    file.exceptions(std::ios::badbit | std::ios::failbit);
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

/// Gives each file of a directory to the fuzzer's function, which aborts when something is wrong.
int main(int count, char** arguments) {
    try {
        if (count != 2) {
            std::cerr << "usage: replay DIRECTORY\n";
            return 2;
        }
        const auto files = files_of(arguments[1]);
        for (const auto& file : files) {
            std::cout << file.filename().string() << std::endl;
            const std::string content = content_of(file);
            LLVMFuzzerTestOneInput(
                reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
        }
        if (files.empty()) {
            std::cerr << "no file in " << arguments[1] << '\n';
            return 1;
        }
        std::cout << files.size() << " files\n";
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
