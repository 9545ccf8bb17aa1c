"""The released program's procedure written out in MATLAB's own language and run by Octave, where it is installed."""

import shutil
import subprocess
from pathlib import Path

import numpy as np

from geolocdesk.estimation.vo2017 import find_vo2017_position
from tests.requirement import lacking
from tests.unit.estimation.test_vo2017 import density_from, random_list

LISTS = 6

PROGRAM = """
1;
function out = blurred(grid, sigma)
  reach = ceil(2 * sigma);
  taps = exp(-((-reach:reach) .^ 2) / (2 * sigma ^ 2));
  taps = taps / sum(taps);
  rows = min(max((1 - reach):(rows(grid) + reach), 1), rows(grid));
  cols = min(max((1 - reach):(columns(grid) + reach), 1), columns(grid));
  out = conv2(taps, taps, grid(rows, cols), "valid");
end
function [row, column] = highest(grid)
  first = find(grid(:) >= max(grid(:)) * (1 - 1e-12), 1);
  [row, column] = ind2sub(size(grid), first);
end
function grid = histogram2(latitude, longitude, weight, scale)
  grid = zeros(180 * scale, 360 * scale);
  for i = 1:numel(weight)
    row = ceil(latitude(i) * scale) + 90 * scale;
    column = ceil(longitude(i) * scale) + 180 * scale;
    if row >= 1 && column >= 1
      grid(row, column) += weight(i);
    end
  end
end
function km = haversine(lat1, lon1, lat2, lon2)
  lat1 *= pi / 180; lon1 *= pi / 180; lat2 *= pi / 180; lon2 *= pi / 180;
  a = sin((lat2 - lat1) / 2) ^ 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ^ 2;
  km = 6371 * 2 * atan2(sqrt(a), sqrt(1 - a));
end
function answer = predict(latitude, longitude, distance)
  weight = (1 ./ distance .^ 2) .^ 10;
  [row, column] = highest(blurred(histogram2(latitude, longitude, weight, 1), 4));
  row = min(max(row, 21), 159); column = min(max(column, 21), 339);
  fine = histogram2(latitude, longitude, weight, 10);
  window = blurred(fine((row * 10 - 200):(row * 10 + 200), (column * 10 - 200):(column * 10 + 200)), 40);
  if max(window(:)) == 0
    mode = [1, 1];
  else
    [down, across] = highest(window);
    mode = [down + row * 10 - 201, across + column * 10 - 201];
  end
  answer = [(mode(1) - 900) / 10, (mode(2) - 1800) / 10];
  for i = 1:numel(latitude)
    if haversine(answer(1), answer(2), latitude(i), longitude(i)) < 100
      answer = [latitude(i), longitude(i)];
      return
    end
  end
end
lists = load("-ascii", "lists.txt");
for number = unique(lists(:, 1))'
  own = lists(lists(:, 1) == number, :);
  printf("%.17g %.17g\\n", predict(own(:, 2), own(:, 3), own(:, 4)));
end
"""


def test_answers_equal_octaves(tmp_path: Path) -> None:
    octave = shutil.which("octave-cli") or shutil.which("octave")
    if octave is None:
        lacking("Octave is not installed (Debian: octave)")
    lists = [random_list(np.random.default_rng(seed)) for seed in range(3000, 3000 + LISTS)]
    table = np.concatenate(
        [np.column_stack([np.full(len(one[0]), number), *one]) for number, one in enumerate(lists)]
    )
    np.savetxt(tmp_path / "lists.txt", table, fmt="%.17g")
    (tmp_path / "program.m").write_text(PROGRAM)
    done = subprocess.run(
        [octave, "--no-gui", "--no-init-file", "--quiet", "program.m"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
    assert len(expected) == LISTS
    for one, answer in zip(lists, expected, strict=True):
        found = find_vo2017_position(density_from(*one))
        assert (found.latitude, found.longitude) == answer
