public enum CSTCorePlaceholder {}
