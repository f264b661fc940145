#include <crier/journal/sqlite_journal.hpp>

#include <iostream>

int main(int count, char** arguments) {
    if (count != 2) {
        return 2;
    }
    crier::sqlite_journal journal{{.path = arguments[1]}};
    if (!journal.begin() || journal.keep("greetings", {.events = 1}, crier::retention::none)) {
        return 1;
    }
    std::cout << "begun\n";
}
