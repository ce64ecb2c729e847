# Reads JSON lines of hotlinectl and measures on the globe: independent of the node's own arithmetic.
function text(line, key,    at) {
    if (!match(line, "\"" key "\":\"[^\"]*\"")) return ""
    at = length(key) + 4
    return substr(line, RSTART + at, RLENGTH - at - 1)
}
function number(line, key,    at) {
    if (!match(line, "\"" key "\":-?[0-9.e+-]+")) return ""
    at = length(key) + 3
    return substr(line, RSTART + at, RLENGTH - at) + 0
}
function has(line, key, item) {  # a list of texts holds it
    return match(line, "\"" key "\":\\[[^]]*\"" item "\"") > 0
}
function radians(degrees) { return degrees * 3.14159265358979323846 / 180 }
function km_between(lat1, lon1, lat2, lon2,    a, b, h) {  # haversine
    a = sin(radians(lat2 - lat1) / 2)
    b = sin(radians(lon2 - lon1) / 2)
    h = a * a + cos(radians(lat1)) * cos(radians(lat2)) * b * b
    if (h > 1) h = 1
    return 2 * 6371.0088 * atan2(sqrt(h), sqrt(1 - h))
}
