environment = "staging"
# Ubuntu 22.04 LTS in ap-northeast-2
image_id = "ami-0123456789abcdef0"
instances = 3
instance_type = "t3.large"
documentdb_class = "db.t3.medium"
documentdb_instances = 3
redis_node_type = "cache.t3.micro"
redis_nodes = 2
certificate_arn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
