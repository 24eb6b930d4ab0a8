// containers N: N rounds of what C++ programs do with the standard containers: maps that
// grow and shrink, strings that are cut and joined, vectors of vectors, lists, shared
// pointers. Prints a checksum and the time.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

struct Dice {
    std::uint64_t state;
    std::size_t below(std::size_t limit) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return static_cast<std::size_t>((state >> 33) % limit);
    }
};

struct Node {
    std::shared_ptr<Node> left;
    std::shared_ptr<Node> right;
    std::string name;
};

std::string word(Dice &dice) {
    return std::string(3 + dice.below(40), static_cast<char>('a' + dice.below(26)));
}

std::size_t count_words(Dice &dice, std::map<std::string, std::size_t> &counts) {
    for (int i = 0; i < 20000; i++) {
        counts[word(dice) + std::to_string(dice.below(3000))]++;
    }
    while (counts.size() > 60000) {
        auto at = counts.lower_bound(word(dice));
        counts.erase(at == counts.end() ? counts.begin() : at);
    }
    return counts.size();
}

std::size_t index_words(Dice &dice) {
    std::unordered_map<std::size_t, std::vector<std::string>> index;
    for (int i = 0; i < 20000; i++) {
        index[dice.below(4000)].push_back(word(dice));
    }
    std::size_t sum = 0;
    for (const auto &entry : index) {
        sum += entry.second.size() * entry.first;
    }
    return sum;
}

std::shared_ptr<Node> tree(Dice &dice, int depth) {
    auto node = std::make_shared<Node>();
    node->name = word(dice);
    if (depth > 0) {
        node->left = tree(dice, depth - 1);
        node->right = tree(dice, depth - 1);
    }
    return node;
}

std::size_t queues(Dice &dice) {
    std::deque<std::string> waiting;
    std::list<std::vector<int>> rows;
    for (int i = 0; i < 20000; i++) {
        waiting.push_back(word(dice));
        rows.emplace_back(dice.below(64));
        if (dice.below(3) != 0) {
            waiting.pop_front();
            rows.pop_front();
        }
    }
    return waiting.size() + rows.size();
}

}  // namespace

int main(int argc, char **argv) {
    long rounds = argc > 1 ? std::atol(argv[1]) : 20;
    if (rounds < 1) {
        std::fprintf(stderr, "usage: containers [ROUNDS]\n");
        return 2;
    }
    Dice dice = {2026};
    std::map<std::string, std::size_t> counts;
    std::vector<std::shared_ptr<Node>> kept(8);
    std::size_t sum = 0;
    auto start = std::chrono::steady_clock::now();
    std::clock_t cpu = std::clock();
    for (long i = 0; i < rounds; i++) {
        sum += count_words(dice, counts) + index_words(dice) + queues(dice);
        kept[dice.below(kept.size())] = tree(dice, 12);
    }
    std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("sum=%zu ops=%ld wall_s=%.6f cpu_s=%.6f\n", sum, rounds, wall.count(),
                static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
    return 0;
}
