"""First numbers of the noise of seed 42, image 0: an independent SplitMix64 and Box-Muller."""
import math

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniforms(seed, stream):
    state = mix((mix((seed + GAMMA) & MASK) + (stream + 1) * GAMMA) & MASK)
    while True:
        state = (state + GAMMA) & MASK
        yield (mix(state) >> 11) * 2.0**-53


def normals(seed, stream):
    u = uniforms(seed, stream)
    while True:
        radius = math.sqrt(-2 * math.log(1 - next(u)))
        angle = 2 * math.pi * next(u)
        yield radius * math.cos(angle)
        yield radius * math.sin(angle)


# SplitMix64 itself, against the values that its authors' C code gives for the state 1234567.
state = 1234567
for expected in (6457827717110365317, 3203168211198807973, 9817491932198370423):
    state = (state + GAMMA) & MASK
    assert mix(state) == expected, mix(state)

z = normals(42, 0)
print([round(next(z), 7) for _ in range(5)])
