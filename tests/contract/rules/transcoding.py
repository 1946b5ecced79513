"""MediaConvert."""

from .registry import rule
from .tags import TAG

JOBS = "https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html"
SEGMENTS = "https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html#jobs-model-hlsgroupsettings"
RATES = "https://docs.aws.amazon.com/mediaconvert/latest/ug/cbr-vbr-qvbr.html"
METADATA = "https://docs.aws.amazon.com/mediaconvert/latest/ug/user-metadata-tags.html"
CALLS = (
    "mediaconvert:CreateJob",
    "mediaconvert:CreateJobTemplate",
    "mediaconvert:UpdateJobTemplate",
)
CODECS = ("H264Settings", "H265Settings", "Mpeg2Settings", "Av1Settings")


def _codecs(value):
    """The settings of each video codec: their path, and they themselves."""
    for at, group in enumerate(value.get("Settings", {}).get("OutputGroups", [])):
        for index, output in enumerate(group.get("Outputs", [])):
            codec = output.get("VideoDescription", {}).get("CodecSettings", {})
            for name in CODECS:
                if name in codec:
                    yield f"$.Settings.OutputGroups[{at}].Outputs[{index}].{name}", codec[name]


@rule(RATES, *CALLS)
def rate_control(value, _request):
    """QVBR has a greatest rate; CBR and VBR have an average one."""
    for path, each in _codecs(value):
        mode = each.get("RateControlMode")
        wrong = (
            mode == "QVBR" and "MaxBitrate" not in each
            or mode in ("CBR", "VBR") and "Bitrate" not in each
            or mode != "QVBR" and "QvbrSettings" in each
        )
        if wrong:
            yield path, (mode, sorted(each)), "QVBR has MaxBitrate; CBR and VBR have Bitrate; QvbrSettings are of QVBR"


@rule(JOBS, *CALLS)
def frame_rate(value, _request):
    """A specified rate is a fraction; one that follows the source is not given."""
    for path, each in _codecs(value):
        given = {"FramerateNumerator", "FramerateDenominator"} & set(each)
        control = each.get("FramerateControl")
        if control == "SPECIFIED" and len(given) != 2 or control == "INITIALIZE_FROM_SOURCE" and given:
            yield path, (control, sorted(given)), "SPECIFIED has numerator and denominator, and nothing else has"


@rule(JOBS, *CALLS)
def output_names(value, _request):
    """Outputs of a group have unique name modifiers."""
    for at, group in enumerate(value.get("Settings", {}).get("OutputGroups", [])):
        names = [each.get("NameModifier", "") for each in group.get("Outputs", [])]
        if len(names) > 1 and len(set(names)) != len(names):
            yield f"$.Settings.OutputGroups[{at}]", names, "the outputs of a group have names of their own"


@rule(SEGMENTS, *CALLS)
def last_segment(value, _request):
    """The least length of the last segment is at least a second and less than a segment, or 0."""
    for at, group in enumerate(value.get("Settings", {}).get("OutputGroups", [])):
        for name in ("HlsGroupSettings", "CmafGroupSettings"):
            each = group.get("OutputGroupSettings", {}).get(name, {})
            least = each.get("MinFinalSegmentLength", 0)
            if least and not 1 <= least < each.get("SegmentLength", 10):
                demand = "MinFinalSegmentLength is 0, or at least 1 and less than SegmentLength"
                yield f"$.Settings.OutputGroups[{at}].{name}", least, demand


@rule(JOBS, "mediaconvert:CreateJob")
def audio_sources(value, _request):
    """The sound of a job that names no template is made of a selector that its input has; otherwise it is silence."""
    if "JobTemplate" in value:
        return
    inputs = value.get("Settings", {}).get("Inputs", [])
    selectors = {name for each in inputs for name in each.get("AudioSelectors", {})}
    for at, group in enumerate(value.get("Settings", {}).get("OutputGroups", [])):
        for index, output in enumerate(group.get("Outputs", [])):
            for audio in output.get("AudioDescriptions", []):
                source = audio.get("AudioSourceName", "Audio Selector 1")
                if source not in selectors:
                    path = f"$.Settings.OutputGroups[{at}].Outputs[{index}].AudioDescriptions"
                    yield path, source, f"is one of the input's audio selectors: {sorted(selectors)}"


@rule(METADATA, "mediaconvert:CreateJob")
def user_metadata_pairs(value, _request):
    """At most 10 pairs; keys of 128 characters, values of 256, of those that tags have."""
    pairs = value.get("UserMetadata", {})
    if len(pairs) > 10:
        yield "$.UserMetadata", len(pairs), "has at most 10 pairs"
    for key, text in pairs.items():
        if len(key) > 128 or len(text) > 256 or not TAG.fullmatch(key + text):
            demand = "a key has at most 128 characters, a value 256: letters, digits, spaces and _.:/=+-@"
            yield f"$.UserMetadata[{key}]", text, demand
