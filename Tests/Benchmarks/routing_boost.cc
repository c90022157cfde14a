// Boost.Graph's Dijkstra over a compressed sparse row graph, for routing.py: reads int32 counts, then the
// sources, targets and weights as arrays; prints milliseconds of CPU for one source to all.
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/dijkstra_shortest_paths_no_color_map.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

struct Road { double weight; };
using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Road>;

static double cpu() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int, char **arguments) {
    FILE *file = fopen(arguments[1], "rb");
    int32_t nodes, links;
    if (!file || fread(&nodes, 4, 1, file) != 1 || fread(&links, 4, 1, file) != 1) return 3;
    std::vector<int32_t> source(links), target(links);
    std::vector<double> weight(links);
    if (fread(source.data(), 4, links, file) != size_t(links) || fread(target.data(), 4, links, file) != size_t(links) ||
        fread(weight.data(), 8, links, file) != size_t(links)) return 3;
    std::vector<std::pair<int, int>> ends(links);
    std::vector<Road> roads(links);
    for (int i = 0; i < links; i++) { ends[i] = {source[i], target[i]}; roads[i] = {weight[i]}; }
    Graph graph(boost::edges_are_unsorted_multi_pass, ends.begin(), ends.end(), roads.begin(), nodes);
    std::vector<double> distance(nodes), spent;
    for (char **start = arguments + 2; *start; start++) {
        double before = cpu();
        boost::dijkstra_shortest_paths_no_color_map(graph, atoi(*start),
            boost::weight_map(boost::get(&Road::weight, graph)).distance_map(distance.data()));
        spent.push_back(cpu() - before);
    }
    std::sort(spent.begin(), spent.end());
    printf("%.3f\n", spent[spent.size() / 2]);
}
