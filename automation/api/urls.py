"""Addresses of the rules' API."""

from django.urls import path

from automation.api import pushes, replies, rules

urlpatterns = [
    path("devices/key", pushes.Key.as_view(), name="api-device-key"),
    path("devices/<int:pk>/test", pushes.Test.as_view(), name="api-device-test"),
    path("devices/<int:pk>/seen", pushes.Seen.as_view(), name="api-device-seen"),
    path("offers/<str:push>/accept", pushes.Accept.as_view(), name="api-offer-accept"),
    path("offers/<str:push>/decline", pushes.Decline.as_view(), name="api-offer-decline"),
    path("rules", rules.Rules.as_view(), name="api-rules"),
    path("rules/recipes", rules.Recipes.as_view(), name="api-rule-recipes"),
    path("rules/recipes/<str:name>", rules.OneRecipe.as_view(), name="api-rule-recipe"),
    path("rules/replies/<int:pk>", replies.Replies.as_view(), name="api-rule-replies"),
    path("rules/<int:pk>", rules.OneRule.as_view(), name="api-rule"),
    path("rules/<int:pk>/dry-run", rules.DryRun.as_view(), name="api-rule-dry-run"),
    path("rules/<int:pk>/runs", rules.Runs.as_view(), name="api-rule-runs"),
]
