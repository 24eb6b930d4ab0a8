// A translation unit that keeps a C++ compiler busy with templates.
#include <algorithm>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N> struct Step {
    std::map<int, std::tuple<std::string, std::array<int, N + 1>>> tree;
    std::unordered_map<std::string, std::vector<std::set<int>>> table;
    std::variant<int, std::string, std::vector<std::string>> any;
    int run(int seed) {
        std::mt19937 random(static_cast<unsigned>(seed + N));
        for (int i = 0; i < 10; i++) {
            auto &entry = tree[static_cast<int>(random() % 100)];
            std::get<0>(entry) += std::to_string(i);
            table[std::get<0>(entry)].emplace_back().insert(i);
        }
        any = std::vector<std::string>{"a", "b"};
        std::vector<int> order(100);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), random);
        std::stable_sort(order.begin(), order.end(), std::greater<int>());
        int sum =
            std::visit([](const auto &value) { return static_cast<int>(sizeof(value)); }, any);
        return sum + order[N] + Step<N - 1>().run(seed + 1);
    }
};

template <> struct Step<0> {
    int run(int seed) {
        return seed;
    }
};

int main() {
    std::ostringstream text;
    text << Step<STEPS>().run(1)
         << std::regex_replace(std::string("a1b2"), std::regex("[0-9]"), "x");
    std::cout << text.str() << '\n';
}
