"""stand-in"""
from whitenoise.storage import CompressedManifestStaticFilesStorage
class Storage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
